using System.Text;

namespace EbpfLb.Agent.Kernel;

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
