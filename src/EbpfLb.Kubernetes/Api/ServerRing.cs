namespace EbpfLb.Kubernetes.Api;

/// <summary>The API servers of a cluster, of which one is in use until it cannot be reached.</summary>
internal sealed class ServerRing(IReadOnlyList<Uri> servers)
{
    private int current;

    public int Count => servers.Count;

    public Uri Current => servers[Volatile.Read(ref current)];

    /// <summary>Turns to the next server, unless another request already turned away from <paramref name="failed"/>.</summary>
    public void TurnFrom(Uri failed)
    {
        var index = Volatile.Read(ref current);
        if (ReferenceEquals(servers[index], failed)) Interlocked.CompareExchange(ref current, (index + 1) % servers.Count, index);
    }
}
