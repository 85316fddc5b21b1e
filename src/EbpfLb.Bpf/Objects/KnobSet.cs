using System.Runtime.InteropServices;
using EbpfLb.Bpf.Btf;

namespace EbpfLb.Bpf;

/// <summary>The load-time constants of an object, by name.</summary>
public sealed unsafe class KnobSet
{
    private readonly BpfObject owner;
    private readonly ObjectMap? section;
    private readonly Dictionary<string, Knob> knobs;

    internal KnobSet(BpfObject owner, ObjectMap? section, BtfTypes types)
    {
        this.owner = owner;
        this.section = section;
        All = Knob.Read(types);
        knobs = All.ToDictionary(knob => knob.Name);
    }

    /// <summary>All knobs, in the order of their place in the section.</summary>
    public IReadOnlyList<Knob> All { get; }

    /// <summary>The object has a knob of that name.</summary>
    public bool Contains(string name) => knobs.ContainsKey(name);

    /// <summary>The value that the programs will see.</summary>
    public T Get<T>(string name)
        where T : unmanaged => MemoryMarshal.Read<T>(Bytes(name, sizeof(T)));

    /// <summary>Sets a knob before the object is loaded.</summary>
    /// <exception cref="BpfException">ENOENT: no such knob (the message names those there are). EBUSY: loaded already.</exception>
    /// <exception cref="BpfLayoutException">The knob has another size.</exception>
    public void Set<T>(string name, T value)
        where T : unmanaged => MemoryMarshal.Write(Bytes(name, sizeof(T)), value);

    /// <summary>Sets a knob from its bytes.</summary>
    public void Set(string name, ReadOnlySpan<byte> value) => value.CopyTo(Bytes(name, value.Length));

    private Span<byte> Bytes(string name, int size)
    {
        if (section is null || !knobs.TryGetValue(name, out var knob))
        {
            throw new BpfException(
                Errno.ENOENT, "set knob", $"{name} of {owner.Name}",
                knobs.Count == 0 ? "it has none" : $"it has {string.Join(", ", knobs.Keys.Order(StringComparer.Ordinal))}");
        }

        if (knob.Size != size)
            throw new BpfLayoutException("set knob", name, $"it has {knob.Size} bytes, the value {size}");
        return section.InitialValue.Slice(knob.Offset, size);
    }
}
