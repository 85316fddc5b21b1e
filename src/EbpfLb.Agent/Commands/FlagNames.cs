namespace EbpfLb.Agent.Commands;

/// <summary>kube-proxy takes "_" for "-" in the names of its flags, and "--flag=" for an empty value; so do we.</summary>
internal static class FlagNames
{
    public static string[] Normalize(IReadOnlyList<string> args) => [.. args.SelectMany(Normalize)];

    private static string[] Normalize(string arg)
    {
        if (!arg.StartsWith("--", StringComparison.Ordinal)) return [arg];
        var end = arg.IndexOf('=') is var at && at >= 0 ? at : arg.Length;
        var name = arg[..end].Replace('_', '-');
        return end == arg.Length - 1 ? [name, ""] : [name + arg[end..]];
    }
}
