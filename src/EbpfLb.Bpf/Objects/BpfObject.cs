using System.Runtime.InteropServices;
using System.Text;
using EbpfLb.Bpf.Btf;
using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>
/// A compiled BPF object: open it, set knobs and sizes, choose programs, load, take maps and programs out.
/// Not thread-safe. What was taken out (<see cref="OpenMap"/>, <see cref="OpenProgram"/>) outlives the object.
/// </summary>
public sealed class BpfObject : IDisposable
{
    private readonly BpfObjectHandle handle;
    private readonly ObjectOpenOptions options;
    private readonly Dictionary<string, ObjectMap> maps = [];
    private readonly Dictionary<string, ObjectProgram> programs = [];

    private unsafe BpfObject(BpfObjectHandle handle, ObjectOpenOptions options)
    {
        this.handle = handle;
        this.options = options;
        for (var map = LibBpf.bpf_object__next_map(handle, 0); map != 0; map = LibBpf.bpf_object__next_map(handle, map))
            maps.Add(Text(LibBpf.bpf_map__name(map)), new ObjectMap(this, map));
        for (var p = LibBpf.bpf_object__next_program(handle, 0); p != 0; p = LibBpf.bpf_object__next_program(handle, p))
            programs.Add(Text(LibBpf.bpf_program__name(p)), new ObjectProgram(this, p));
        Types = LoadedBtf.Of(handle, options.Name);
        Knobs = new KnobSet(this, maps.Values.FirstOrDefault(map => map.Name.EndsWith(".rodata", StringComparison.Ordinal)), Types);
    }

    /// <summary>Name for messages.</summary>
    public string Name => options.Name;

    /// <summary>Whether <see cref="Load"/> succeeded.</summary>
    public bool IsLoaded { get; private set; }

    /// <summary>Maps by their name in C, with the internal ones (".rodata").</summary>
    public IReadOnlyDictionary<string, ObjectMap> Maps => maps;

    /// <summary>Programs by the name of their C function.</summary>
    public IReadOnlyDictionary<string, ObjectProgram> Programs => programs;

    /// <summary>Load-time constants (const volatile globals).</summary>
    public KnobSet Knobs { get; }

    /// <summary>The object's type information.</summary>
    public BtfTypes Types { get; }

    internal BpfObjectHandle Handle => handle;

    /// <summary>Opens an object from its ELF bytes (an embedded resource). Needs no rights yet.</summary>
    /// <exception cref="BpfException">The bytes are no BPF object (LibbpfFormat, LibbpfElf), have no types (LibbpfFormat), or libbpf cannot
    /// read them (EINVAL...).</exception>
    public static unsafe BpfObject Open(ReadOnlySpan<byte> elf, ObjectOpenOptions? options = null)
    {
        options ??= new ObjectOpenOptions();
        using var log = LibBpfLog.Capture(options.Logger);
        nint pointer;
        fixed (byte* bytes = elf)
        fixed (byte* name = Encoding.UTF8.GetBytes(options.Name + '\0'))
        {
            var open = new LibBpf.BpfObjectOpenOptions { Size = (nuint)sizeof(LibBpf.BpfObjectOpenOptions), ObjectName = name };
            pointer = LibBpf.bpf_object__open_mem(bytes, (nuint)elf.Length, &open);
        }

        if (pointer == 0)
            throw new BpfLoadException((Errno)Marshal.GetLastPInvokeError(), options.Name, null, "", log.Warnings);
        var opened = new BpfObjectHandle(pointer);
        try
        {
            return new BpfObject(opened, options);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Opens an object from a stream, read to its end.</summary>
    public static BpfObject Open(Stream elf, ObjectOpenOptions? options = null)
    {
        using var copy = new MemoryStream();
        elf.CopyTo(copy);
        return Open(copy.ToArray(), options);
    }

    /// <summary>
    /// Creates the maps and has the verifier check and the kernel compile the programs. Once per object, also when it fails.
    /// </summary>
    /// <exception cref="BpfLoadException">With the name of the refused program and the end of the verifier's text.</exception>
    public void Load()
    {
        using var log = LibBpfLog.Capture(options.Logger);
        using var verifierLogs = new VerifierLogs(programs.Values);
        var errno = Check.ErrnoOf(LibBpf.bpf_object__load(handle));
        if (errno != Errno.None)
        {
            var (program, text) = verifierLogs.Failure();
            throw new BpfLoadException(errno, Name, program, VerifierText.Tail(text), log.Warnings);
        }

        IsLoaded = true;
    }

    /// <summary>The map of that name.</summary>
    /// <exception cref="BpfException">ENOENT, with the names that exist.</exception>
    public ObjectMap Map(string name) =>
        maps.TryGetValue(name, out var map) ? map : throw Missing("find map", name, maps.Keys);

    /// <summary>The program of that name.</summary>
    /// <exception cref="BpfException">ENOENT, with the names that exist.</exception>
    public ObjectProgram Program(string name) =>
        programs.TryGetValue(name, out var program) ? program : throw Missing("find program", name, programs.Keys);

    /// <summary>A handle of its own to a map of the loaded object.</summary>
    public BpfMap OpenMap(string name) => Map(name).Open();

    /// <summary>A typed handle of its own to a map of the loaded object.</summary>
    public BpfMap<TKey, TValue> OpenMap<TKey, TValue>(string name)
        where TKey : unmanaged
        where TValue : unmanaged => new(OpenMap(name));

    /// <summary>A handle of its own to a program of the loaded object.</summary>
    public BpfProgram OpenProgram(string name) => Program(name).Open();

    /// <summary>Closes the object; the kernel keeps what pins, links and opened handles refer to.</summary>
    public void Dispose() => handle.Dispose();

    internal static unsafe string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    internal void RequireLoaded(bool loaded, string operation, string name)
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        if (loaded != IsLoaded)
        {
            throw new BpfException(
                Errno.EBUSY, operation, name, loaded ? $"load {Name} first" : $"do it before {Name} is loaded");
        }
    }

    private BpfException Missing(string operation, string name, IEnumerable<string> names) =>
        new(Errno.ENOENT, operation, $"{name} of {Name}", $"it has {string.Join(", ", names.Order(StringComparer.Ordinal))}");
}

/// <summary>How an object is opened.</summary>
/// <param name="Name">Name for messages; the first characters become the prefix of internal maps (".rodata").</param>
/// <param name="Logger">Takes every line that libbpf logs while it works on this object; null: warnings are kept for exceptions
/// only.</param>
public sealed record ObjectOpenOptions(string Name = "bpf", BpfLogger? Logger = null);
