namespace EbpfLb.Bpf;

/// <summary>The few BPF instructions that probes are made of (struct bpf_insn as a number: opcode, registers, offset, immediate).</summary>
internal static class Instruction
{
    public static ulong Move(int register, int value) => Encode(0xb7, register, 0, 0, value);

    public static ulong Call(int helper) => Encode(0x85, 0, 0, 0, helper);

    public static ulong Exit => Encode(0x95, 0, 0, 0, 0);

    /// <summary>A 64-bit load from memory.</summary>
    public static ulong Load(int register, int fromRegister, short offset) => Encode(0x79, register, fromRegister, offset, 0);

    /// <summary>A map's address: two instructions.</summary>
    public static ulong[] LoadMap(int register, int mapFd) => [Encode(0x18, register, 1, 0, mapFd), 0];

    public static ulong[] Return(int value) => [Move(0, value), Exit];

    private static ulong Encode(byte opcode, int destination, int source, short offset, int immediate) =>
        opcode | ((ulong)(uint)(destination | (source << 4)) << 8) | ((ulong)(ushort)offset << 16) | ((ulong)(uint)immediate << 32);
}
