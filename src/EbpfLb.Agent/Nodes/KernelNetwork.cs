using System.Runtime.CompilerServices;
using EbpfLb.Netlink;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Agent.Nodes;

/// <summary>The network namespace that this process is in.</summary>
internal sealed class KernelNetwork : INodeNetwork, IDisposable
{
    private NetworkReader? reader;

    public Sysctls Sysctls { get; } = new(Sysctls.DefaultRoot);

    private NetworkReader Reader => reader ??= NetworkReader.Open();

    public NetworkSnapshot Read() => Reader.Read();

    public ulong NamespaceCookie()
    {
        try
        {
            return Reader.NamespaceCookie();
        }
        catch (NetlinkException)
        {
            return 0;
        }
    }

    public async IAsyncEnumerable<NetworkChange> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var watcher = NetworkWatcher.Open();
        // What changed before is as good as lost.
        yield return new ChangesLost();
        await foreach (var change in watcher.ReadAsync(cancellationToken)) yield return change;
    }

    public void Dispose() => reader?.Dispose();
}
