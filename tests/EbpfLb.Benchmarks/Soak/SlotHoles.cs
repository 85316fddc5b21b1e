using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Testing.Agents;

namespace EbpfLb.Benchmarks.Soak;

/// <summary>What the kernel's maps themselves say of ranges and ids.</summary>
internal sealed class SlotHoles : IDisposable
{
    private readonly BpfMap<LbFrontend4, LbService> services;
    private readonly MappedArray<LbSlot> slots;

    public SlotHoles(string instance)
    {
        services = BpfMap.OpenPinned<LbFrontend4, LbService>(Path.Combine(BpfFs.InstancePath(instance), "maps", Tables.Services4.Name));
        slots = new MappedArray<LbSlot>(
            BpfMap.OpenPinned(Path.Combine(BpfFs.InstancePath(instance), "maps", Tables.Slots.Name)), writable: false);
    }

    /// <summary>The value of a frontend; null: there is none.</summary>
    public LbService? Find(uint address, ushort port)
    {
        var key = new LbFrontend4 { Addr = Be32.FromHost(address), Port = Be16.FromHost(port), Proto = 6 };
        return services.TryLookup(key, out var value) ? value : null;
    }

    /// <summary>Read while it changes: a range that moves meanwhile may be missing or be there twice.</summary>
    public SlotState Read()
    {
        var content = slots.ReadOnlySpan;
        var ranges = new SortedDictionary<uint, uint>();
        uint service = 0, backend = 0;
        foreach (var (_, value) in services.Entries())
        {
            service = Math.Max(service, value.Id);
            foreach (var range in (LbRange[])[value.Cluster, value.Local])
            {
                if (range.Count == 0 || range.First + range.Count > content.Length) continue;
                ranges[range.First] = (range.Count + 3) / 4 * 4;
                foreach (ref readonly var slot in content.Slice((int)range.First, (int)range.Count))
                    backend = Math.Max(backend, slot.BackendId);
            }
        }
        uint free = 0, largest = 0, end = 0;
        var holes = 0;
        foreach (var (first, length) in ranges.Append(new((uint)content.Length, 0)))
        {
            if (first > end)
            {
                holes++;
                free += first - end;
                largest = Math.Max(largest, first - end);
            }
            end = Math.Max(end, first + length);
        }
        return new SlotState(free, largest, holes, service, backend);
    }

    public void Dispose()
    {
        services.Dispose();
        slots.Dispose();
    }
}

/// <summary>Free slots, the longest run of them, how many runs, and the largest ids in use.</summary>
internal readonly record struct SlotState(uint Free, uint LargestHole, int Holes, uint LargestServiceId, uint LargestBackendId);
