using System.Net;

namespace EbpfLb.Http.Page;

/// <summary>
/// Whether a request was meant for this node, by the host that its browser believes to talk to. A page of elsewhere whose name is made to
/// lead to this address (DNS rebinding) has its own name there, as a browser lets nobody choose another; addresses cannot be rebound.
/// </summary>
internal static class PageHost
{
    private const string Localhost = "localhost";

    /// <param name="host">Of the header, without the port; empty: there is none, and so no browser.</param>
    /// <param name="names">Of the node, and those that were configured.</param>
    public static bool IsOwn(string host, IEnumerable<string> names)
    {
        var plain = host.TrimEnd('.');
        return host.Length == 0 || IPAddress.TryParse(plain.Trim('[', ']'), out _)
            || names.Append(Localhost).Any(n => n.TrimEnd('.').Equals(plain, StringComparison.OrdinalIgnoreCase));
    }
}
