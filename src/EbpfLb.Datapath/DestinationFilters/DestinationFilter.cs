using System.Numerics;
using EbpfLb.Bpf;
using EbpfLb.Model;

namespace EbpfLb.Datapath.DestinationFilters;

/// <summary>
/// lb_filter: the addresses that packets of ours go to, so that all others pass at once. A bit that is missing would be traffic lost, one
/// too many costs a lookup; so bits are only ever set, and what is outdated goes when a whole bank is made anew. Thread-safe, also beside
/// the programs. Takes the map over.
/// </summary>
public sealed class DestinationFilter(BpfMap map) : IDisposable
{
    private readonly MappedArray<ulong> words = new(map);
    private readonly Lock refilling = new();

    /// <summary>Whether packets to other addresses pass unseen.</summary>
    public bool IsInUse => Volatile.Read(ref words.Span[0]) != 0;

    /// <summary>Bits of the bank in use.</summary>
    public int Count
    {
        get
        {
            var count = 0;
            if (Volatile.Read(ref words.Span[0]) is var bank and not 0)
                foreach (var word in Bank(bank)) count += BitOperations.PopCount(word);
            return count;
        }
    }

    /// <summary>Whether packets to the address are looked at, for this or another one with the same bit.</summary>
    public bool IsOpen(IpAddress address)
    {
        var (bank, bit) = (Volatile.Read(ref words.Span[0]), FilterBits.Of(address));
        return bank == 0 || (Volatile.Read(ref Bank(bank)[(int)(bit / 64)]) >> (int)(bit % 64) & 1) != 0;
    }

    /// <summary>All packets are looked at, until the next <see cref="Rebuild"/>.</summary>
    public void Disable() => Volatile.Write(ref words.Span[0], 0);

    /// <summary>
    /// Packets to the address are looked at from now on. To be called when what they ask for is in its table: see <see cref="Rebuild"/>.
    /// </summary>
    public void Open(IpAddress address)
    {
        Set(1, address);
        Set(2, address);
    }

    /// <summary>
    /// Packets to the address are asked whether their flow needs an entry, from now on and for ever: one too many costs a lookup. To be
    /// called before the frontend says so, as a packet that is not asked would take its flow for a lost one.
    /// </summary>
    public void OpenUntracked(IpAddress address)
        => Interlocked.Or(ref words.Span[FilterBits.Untracked], FilterBits.UntrackedBit(address));

    /// <summary>Whether packets to the address are asked that.</summary>
    public bool IsOpenUntracked(IpAddress address)
        => (Volatile.Read(ref words.Span[FilterBits.Untracked]) & FilterBits.UntrackedBit(address)) != 0;

    /// <summary>
    /// Makes the bank that is not in use anew, and changes over. Whatever opens the destination filter meanwhile does it in both banks and
    /// after it has written its table. So its bit comes after the bank was emptied, or its entry was there before and
    /// <paramref name="needed"/> finds it.
    /// </summary>
    /// <param name="needed">Enumerated once, after the bank was emptied: the addresses of all tables.</param>
    public void Rebuild(IEnumerable<IpAddress> needed)
    {
        lock (refilling)
        {
            var bank = Volatile.Read(ref words.Span[0]) == 1 ? 2ul : 1ul;
            Bank(bank).Clear();
            Interlocked.MemoryBarrier();
            foreach (var address in needed) Set(bank, address);
            Volatile.Write(ref words.Span[0], bank);
        }
    }

    public void Dispose() => words.Dispose();

    private void Set(ulong bank, IpAddress address)
    {
        var bit = FilterBits.Of(address);
        Interlocked.Or(ref Bank(bank)[(int)(bit / 64)], 1ul << (int)(bit % 64));
    }

    private Span<ulong> Bank(ulong number) => words.Span.Slice(FilterBits.First + ((int)number - 1) * FilterBits.Words, FilterBits.Words);
}
