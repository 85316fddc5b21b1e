using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Firewalls;

/// <summary>Docker's daemon on a node, without containers.</summary>
internal static class Docker
{
    /// <summary>
    /// Returns when its rules are in force. Docker sets the policy of FORWARD to DROP where it is who switches forwarding on, so it is
    /// switched off before, as it is on a host that is nobody's router yet.
    /// </summary>
    public static void Start(PrivateRoot root)
    {
        root.Run("sh", "-c", "echo 0 >/proc/sys/net/ipv4/ip_forward && mkdir /run/docker-data");
        var daemon = root.StartDaemon("sh", "-c", "exec dockerd --data-root /run/docker-data --exec-root /run/docker --storage-driver vfs "
            + "--ipv6 --fixed-cidr-v6 fd00:d0c::/64 --ip6tables --experimental 2>&1");
        Eventually.True(() => daemon.HasExited || daemon.Output.Contains("API listen", StringComparison.Ordinal),
            () => $"dockerd to be ready: {daemon.Output}");
        if (daemon.HasExited) throw new InvalidOperationException($"dockerd ended: {daemon.Output}");
    }
}
