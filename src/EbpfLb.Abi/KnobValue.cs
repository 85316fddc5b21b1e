namespace EbpfLb.Abi;

/// <summary>A load-time constant and the bytes it gets.</summary>
/// <param name="Name">Its name in C.</param>
/// <param name="Bytes">As the kernel will see them.</param>
public sealed record KnobValue(string Name, ReadOnlyMemory<byte> Bytes);
