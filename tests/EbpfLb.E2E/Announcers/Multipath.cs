using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Announcers;

/// <summary>Routes of several ways (ECMP).</summary>
internal static class Multipath
{
    /// <summary>Flows are spread by their ports, too.</summary>
    public static void SpreadByPorts(ProcessPlace place) => NetnsThread.Run(place.NetnsPath!, () =>
    {
        foreach (var family in (string[])["ipv4", "ipv6"]) File.WriteAllText($"/proc/sys/net/{family}/fib_multipath_hash_policy", "1");
    });
}
