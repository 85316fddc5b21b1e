using System.Buffers.Binary;
using EbpfLb.Bpf;
using EbpfLb.Bpf.Btf;

namespace EbpfLb.Datapath.Tests.Loader;

/// <summary>Functions of a BPF object, the bytes of stack that each uses, and whom it calls; read from the instructions.</summary>
internal sealed class StackFrames
{
    /// <summary>What kernels up to 6.8 round a frame up to, one without stack too; later ones say 16.</summary>
    public const int Unit = 32;

    private const int InstructionSize = 8;
    private const int RelocationSize = 16;
    private const int FramePointer = 10;
    private const byte Call = 0x85;
    private const byte AddImmediate = 0x07;
    private const byte Move = 0xbf;
    private const byte LoadImmediate = 0x18;
    private const byte PseudoCall = 1;

    private readonly ElfFile elf;
    private readonly Dictionary<string, (int Frame, HashSet<string> Calls)> functions = [];
    private readonly Dictionary<(int Section, long Offset), string> names = [];

    public StackFrames(byte[] file)
    {
        elf = ElfFile.Parse(file);
        var symbols = elf.Symbols.Where(s
            => IsCode(s.SectionIndex) && s.Size > 0 && !s.Name.StartsWith("LBB", StringComparison.Ordinal)).ToList();
        foreach (var symbol in symbols)
            names[(symbol.SectionIndex, (long)symbol.Value)] = symbol.Name;
        foreach (var symbol in symbols)
            functions[symbol.Name] = Read(symbol);
    }

    public IReadOnlyCollection<string> Names => functions.Keys;

    /// <summary>The most stack that a chain of calls from the function takes, frames rounded up, and who is in it.</summary>
    public (int Bytes, string Chain) Deepest(string function)
    {
        var (frame, calls) = functions[function];
        var below = calls.Select(Deepest).OrderByDescending(chain => chain.Bytes).FirstOrDefault((Bytes: 0, Chain: ""));
        var rounded = Math.Max(Unit, (frame + Unit - 1) / Unit * Unit);
        return (rounded + below.Bytes, below.Chain.Length == 0 ? $"{function} ({frame})" : $"{function} ({frame}) > {below.Chain}");
    }

    /// <summary>Absolute and undefined symbols have numbers beyond the sections, or 0.</summary>
    private bool IsCode(int section) =>
        section > 0 && section < elf.Sections.Count
            && (elf.Sections[section].Name is ".text" or "tc" or "xdp" || elf.Sections[section].Name.Contains('/'));

    private (int Frame, HashSet<string> Calls) Read(ElfSymbol function)
    {
        var section = elf.Sections[function.SectionIndex];
        var relocations = Relocations(section.Name);
        HashSet<string> calls = [];
        HashSet<int> copies = [];
        var frame = 0;
        var end = (long)(function.Value + function.Size);
        for (var at = (long)function.Value; at < end; at += InstructionSize)
        {
            var raw = section.Data.Span.Slice((int)at, InstructionSize);
            var (opcode, destination, source) = (raw[0], raw[1] & 15, raw[1] >> 4);
            var offset = BinaryPrimitives.ReadInt16LittleEndian(raw[2..]);
            var immediate = BinaryPrimitives.ReadInt32LittleEndian(raw[4..]);
            if (opcode == LoadImmediate)
            {
                at += InstructionSize;
                continue;
            }

            if (opcode == Call && source == PseudoCall)
            {
                // A function of the kernel runs on the kernel's own stack.
                if (Target(function.SectionIndex, at, immediate, relocations) is { } target) calls.Add(target);
            }
            else if (opcode == Move && source == FramePointer)
                copies.Add(destination);
            else if (opcode == AddImmediate && copies.Remove(destination))
                frame = Math.Max(frame, -immediate);
            else if (IsMemory(opcode) && (IsLoad(opcode) ? source : destination) == FramePointer)
                frame = Math.Max(frame, -offset);
        }

        return (frame, calls);
    }

    private string? Target(int section, long at, int immediate, Dictionary<long, ElfSymbol> relocations)
    {
        if (!relocations.TryGetValue(at, out var symbol))
            return names[(section, at + ((immediate + 1L) * InstructionSize))];
        if (symbol.SectionIndex == 0) return null;
        return symbol.Size > 0
            ? names[(symbol.SectionIndex, (long)symbol.Value)]
            : names[(symbol.SectionIndex, (immediate + 1L) * InstructionSize)];
    }

    private Dictionary<long, ElfSymbol> Relocations(string section)
    {
        Dictionary<long, ElfSymbol> found = [];
        var bytes = (elf.Find($".rel{section}")?.Data ?? default).Span;
        for (; bytes.Length >= RelocationSize; bytes = bytes[RelocationSize..])
            found[(long)BinaryPrimitives.ReadUInt64LittleEndian(bytes)] = elf.Symbols[
                (int)(BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) >> 32)];
        return found;
    }

    private static bool IsMemory(byte opcode) => (opcode & 7) is 1 or 2 or 3;

    private static bool IsLoad(byte opcode) => (opcode & 7) is 1;
}
