using EbpfLb.Abi;
using EbpfLb.Bpf;

namespace EbpfLb.Datapath.StaleSockets;

/// <summary>By a program of bpf/iter/find.bpf.c, which looks at every socket of its protocol and reports only those to end.</summary>
internal sealed class IteratorFinder(BpfLink iterator) : ISocketFinder
{
    public IReadOnlyList<LbStaleSock> Find() => BpfIterator.ReadAll<LbStaleSock>(iterator);

    public void Dispose() => iterator.Dispose();
}
