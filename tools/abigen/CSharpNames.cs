namespace EbpfLb.AbiGen;

/// <summary>C names to C# names.</summary>
internal static class CSharpNames
{
    /// <summary>"lb_svc_stat" becomes "LbSvcStat", "LB_UDP" becomes "LbUdp".</summary>
    public static string Pascal(string name) => string.Concat(
        name.Split('_', StringSplitOptions.RemoveEmptyEntries).Select(word
            => char.ToUpperInvariant(word[0]) + word[1..].ToLowerInvariant()));

    /// <summary>Without the prefix, then Pascal: "cfg_svc_stats" becomes "SvcStats".</summary>
    public static string PascalWithout(string prefix, string name) =>
        Pascal(name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name);

    /// <summary>
    /// An enumerator without the words that it shares with its enum's name: LB_REASON_NONE of lb_reason becomes "None",
    /// LB_SOCK_RACE of lb_reason becomes "SockRace".
    /// </summary>
    public static string Enumerator(string enumName, string name)
    {
        var shared = enumName.Split('_');
        var words = name.Split('_');
        var same = 0;
        while (same < shared.Length && same < words.Length - 1 && words[same].Equals(shared[same], StringComparison.OrdinalIgnoreCase))
            same++;
        return Pascal(string.Join('_', words.Skip(same)));
    }
}
