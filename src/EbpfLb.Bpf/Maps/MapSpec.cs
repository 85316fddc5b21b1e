namespace EbpfLb.Bpf;

/// <summary>What a new map is made from.</summary>
/// <param name="Name">At most 15 characters.</param>
/// <param name="Type">Kind of map.</param>
/// <param name="KeySize">Bytes of a key; 0 for ring buffers.</param>
/// <param name="ValueSize">Bytes of a value; 0 for ring buffers.</param>
/// <param name="MaxEntries">Most elements; for ring buffers the bytes, a power of two and a multiple of the page size.</param>
/// <param name="Flags">BPF_F_ flags.</param>
public sealed record MapSpec(
    string Name, MapType Type, uint KeySize, uint ValueSize, uint MaxEntries, MapFlags Flags = MapFlags.None);
