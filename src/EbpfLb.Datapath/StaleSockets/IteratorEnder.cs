using EbpfLb.Abi;
using EbpfLb.Bpf;

namespace EbpfLb.Datapath.StaleSockets;

/// <summary>By an iterator of bpf/iter/end.bpf.c: the kernel looks at each socket once more under its lock before it ends it.</summary>
internal sealed class IteratorEnder(BpfMap<ulong, uint> marked, BpfLink iterator) : ISocketEnder
{
    public IReadOnlyList<LbStaleSock> End(IReadOnlyList<LbStaleSock> sockets)
        => [.. sockets.Chunk((int)marked.Info.MaxEntries).SelectMany(EndSome)];

    public void Dispose()
    {
        iterator.Dispose();
        marked.Dispose();
    }

    private LbStaleSock[] EndSome(LbStaleSock[] sockets)
    {
        foreach (var socket in sockets) marked.Update(socket.Cookie, 1);
        try
        {
            return BpfIterator.ReadAll<LbStaleSock>(iterator);
        }
        finally
        {
            foreach (var socket in sockets) marked.TryDelete(socket.Cookie);
        }
    }
}
