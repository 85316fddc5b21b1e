using System.Text;
using EbpfLb.Abi;

namespace EbpfLb.Agent.Kernel;

/// <summary>Reasons as metrics, commands and documents write them: "drop_ct_full".</summary>
internal static class ReasonName
{
    public static string Of(LbReason reason) => Enum.IsDefined(reason) ? SnakeCase.Of(reason.ToString()) : $"reason_{(uint)reason}";
}

/// <summary>Names of the ABI as labels of metrics: "SockNoBackend" is "sock_no_backend".</summary>
internal static class SnakeCase
{
    public static string Of(string pascal)
    {
        var text = new StringBuilder(pascal.Length + 4);
        foreach (var c in pascal)
        {
            if (char.IsAsciiLetterUpper(c) && text.Length > 0) text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }
        return text.ToString();
    }
}
