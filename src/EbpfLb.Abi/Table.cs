namespace EbpfLb.Abi;

/// <summary>A map as the BPF object declares it.</summary>
/// <param name="Name">Its name, at most 15 characters.</param>
/// <param name="MapType">BPF_MAP_TYPE_ number.</param>
/// <param name="KeySize">Bytes of a key; 0: no keys (ring buffers).</param>
/// <param name="ValueSize">Bytes of a value of one CPU; 0: no values.</param>
/// <param name="MaxEntries">Most elements as declared; the agent sets the real number when it loads.</param>
/// <param name="Flags">BPF_F_ flags.</param>
public record Table(string Name, int MapType, int KeySize, int ValueSize, uint MaxEntries, uint Flags);

/// <summary>A map whose keys and values have types here.</summary>
/// <typeparam name="TKey">Type of the keys.</typeparam>
/// <typeparam name="TValue">Type of the values.</typeparam>
/// <inheritdoc cref="Table"/>
public sealed record Table<TKey, TValue>(string Name, int MapType, int KeySize, int ValueSize, uint MaxEntries, uint Flags)
    : Table(Name, MapType, KeySize, ValueSize, MaxEntries, Flags)
    where TKey : unmanaged
    where TValue : unmanaged;
