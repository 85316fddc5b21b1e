using EbpfLb.Model;

namespace EbpfLb.Datapath.Canary;

/// <summary>Families whose loopback address exists in this network namespace: only there can the canary connect.</summary>
internal static class LoopbackFamilies
{
    private const string LoopbackV6 = "00000000000000000000000000000001 ";

    /// <param name="path">Addresses of the kernel, one a line; the file is missing when IPv6 is off.</param>
    public static IReadOnlyList<IpFamily> Usable(string path = "/proc/self/net/if_inet6")
        => File.Exists(path) && File.ReadLines(path).Any(l => l.StartsWith(LoopbackV6, StringComparison.Ordinal))
            ? [IpFamily.IPv4, IpFamily.IPv6]
            : [IpFamily.IPv4];
}
