using System.Runtime.CompilerServices;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Agent.Clients;

/// <summary>Changes in this network namespace and in those that it has a device's other end in.</summary>
internal static class NamespaceChanges
{
    public static async IAsyncEnumerable<NetworkChange> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var watcher = NetworkWatcher.OpenEverywhere();
        // What changed before is as good as lost.
        yield return new ChangesLost();
        await foreach (var change in watcher.ReadAsync(cancellationToken)) yield return change;
    }
}
