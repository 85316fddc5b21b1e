using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Stale;

/// <summary>By the iterators of bpf/iter/end.bpf.c: the kernel looks at each socket once more under its lock before it ends it.</summary>
internal sealed class IteratorEnder(BpfMap<ulong, uint> doomed, BpfLink udp, BpfLink tcp) : ISocketEnder
{
    public IReadOnlyList<LbStaleSock> End(IReadOnlyList<LbStaleSock> sockets)
        => [.. sockets.Chunk((int)doomed.Info.MaxEntries).SelectMany(EndSome)];

    public void Dispose()
    {
        udp.Dispose();
        tcp.Dispose();
        doomed.Dispose();
    }

    private List<LbStaleSock> EndSome(LbStaleSock[] sockets)
    {
        foreach (var socket in sockets) doomed.Update(socket.Cookie, 1);
        try
        {
            List<LbStaleSock> ended = [];
            foreach (var (protocol, link) in ((TransportProtocol, BpfLink)[])[(TransportProtocol.Udp, udp), (TransportProtocol.Tcp, tcp)])
                if (sockets.Any(s => s.Backend.Proto == (byte)protocol)) ended.AddRange(BpfIterator.ReadAll<LbStaleSock>(link));
            return ended;
        }
        finally
        {
            foreach (var socket in sockets) doomed.TryDelete(socket.Cookie);
        }
    }
}
