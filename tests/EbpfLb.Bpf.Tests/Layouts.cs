namespace EbpfLb.Bpf.Tests;

// The structs of bpf/kinds.bpf.c.
internal record struct Pair(uint Left, uint Right);

internal record struct Odd(uint A, uint B, uint C);

internal record struct Record(ulong Sequence, uint Value, uint Pad);

internal record struct KnobValues(ulong Byte, ulong Word, ulong Long, ulong Left, ulong Right);

internal record struct ArrayLookup(uint Index, uint Found, Pair Value);

internal record struct Emit(uint Count, uint DiscardEvery, uint Lost, uint Pad);
