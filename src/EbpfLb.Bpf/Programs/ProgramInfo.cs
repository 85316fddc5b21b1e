using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>What the kernel says about a program (struct bpf_prog_info).</summary>
/// <param name="Id">The kernel's id of the program.</param>
/// <param name="Name">At most 15 characters.</param>
/// <param name="Type">Kind of program.</param>
/// <param name="Tag">Hash of the instructions, 16 hex digits.</param>
/// <param name="IsJited">The program runs as machine code.</param>
/// <param name="LoadedNanoseconds">When it was loaded, nanoseconds since boot.</param>
/// <param name="RunCount">Runs, while kernel.bpf_stats_enabled is set.</param>
/// <param name="RunNanoseconds">Time in it, while kernel.bpf_stats_enabled is set.</param>
/// <param name="VerifiedInstructions">Instructions that the verifier walked (kernel 5.16; 0 before).</param>
/// <param name="BtfId">Id of its BTF; 0: none.</param>
public sealed record ProgramInfo(
    uint Id, string Name, ProgramType Type, string Tag, bool IsJited, ulong LoadedNanoseconds,
    ulong RunCount, ulong RunNanoseconds, uint VerifiedInstructions, uint BtfId)
{
    internal static unsafe ProgramInfo Read(BpfFd fd, string name)
    {
        Raw raw = default;
        var length = (uint)sizeof(Raw);
        Check.Result(LibBpf.bpf_obj_get_info_by_fd(fd, &raw, &length), "read info of program", name);
        return new ProgramInfo(
            raw.Id, KernelName.Read(raw.Name), (ProgramType)raw.Type, Convert.ToHexStringLower(raw.Tag), raw.JitedLength > 0,
            raw.LoadTime, raw.RunCount, raw.RunTime, raw.VerifiedInstructions, raw.BtfId);
    }

    /// <summary>Ids of the maps that the program names.</summary>
    internal static unsafe uint[] ReadMapIds(BpfFd fd, string name)
    {
        Raw raw = default;
        var length = (uint)sizeof(Raw);
        Check.Result(LibBpf.bpf_obj_get_info_by_fd(fd, &raw, &length), "read info of program", name);
        var ids = new uint[raw.MapCount];
        fixed (uint* first = ids)
        {
            raw = new Raw { MapCount = (uint)ids.Length, MapIds = (ulong)first };
            Check.Result(LibBpf.bpf_obj_get_info_by_fd(fd, &raw, &length), "read maps of program", name);
        }
        return ids;
    }

    [InlineArray(8)]
    private struct TagBytes
    {
        private byte first;
    }

    [StructLayout(LayoutKind.Explicit, Size = 232)]
    private struct Raw
    {
        [FieldOffset(0)] public uint Type;
        [FieldOffset(4)] public uint Id;
        [FieldOffset(8)] public TagBytes Tag;
        [FieldOffset(16)] public uint JitedLength;
        [FieldOffset(40)] public ulong LoadTime;
        [FieldOffset(52)] public uint MapCount;
        [FieldOffset(56)] public ulong MapIds;
        [FieldOffset(64)] public KernelName Name;
        [FieldOffset(128)] public uint BtfId;
        [FieldOffset(192)] public ulong RunTime;
        [FieldOffset(200)] public ulong RunCount;
        [FieldOffset(216)] public uint VerifiedInstructions;
    }
}
