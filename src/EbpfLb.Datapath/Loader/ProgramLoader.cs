using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Bpf.Btf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Options;
using EbpfLb.Planning;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Loader;

/// <summary>Opens the object that travels in this assembly, makes its maps and has the kernel take its programs.</summary>
internal static class ProgramLoader
{
    private const string WithConntrack = "ebpflb.bpf.o";

    /// <summary>
    /// The same programs without functions of nf_conntrack, which libbpf would look for and refuse the object without. For that it reads
    /// all types of the kernel, whatever of the object is loaded: maps and programs of sockets come from here.
    /// </summary>
    private const string Plain = "plain.bpf.o";

    /// <summary>
    /// Finds or makes the maps. The programs come by <see cref="LoadedProgram.Parts"/>: the verifier takes most of the time of a start, and
    /// what one thread has it check does not wait for another's.
    /// </summary>
    /// <exception cref="BpfException">The kernel refused a map, or the object is of another build.</exception>
    public static LoadedProgram LoadMaps(InstancePaths paths, MapSizes sizes, DatapathOptions options, ILogger logger)
    {
        BpfLogger log = (_, line) => Log.LibBpf(logger, line);
        using var bpf = OpenObject(Plain, log);
        foreach (var program in bpf.Programs.Values) program.AutoLoad = false;
        var maps = new MapLoader(paths, sizes, logger).Load(bpf);
        var config = Config(sizes, options);
        return new LoadedProgram(maps, [.. bpf.Programs.Keys], Load, paths);

        IReadOnlyDictionary<string, BpfProgram> Load(IReadOnlyList<string> programs, int bond)
        {
            using var part = Open(ResourceFor(programs), log);
            foreach (var knob in (config with { XdpBond = (uint)bond }).Knobs()) part.Knobs.Set(knob.Name, knob.Bytes.Span);
            part.LoadPart(maps, programs);
            return programs.ToDictionary(name => name, part.OpenProgram);
        }
    }

    /// <summary>The object with these programs before it is loaded.</summary>
    /// <exception cref="BpfLayoutException">It is of another build than this agent.</exception>
    public static BpfObject OpenObject(IEnumerable<string> programs, BpfLogger? logger) => OpenObject(ResourceFor(programs), logger);

    private static BpfObject OpenObject(string resource, BpfLogger? logger)
    {
        var bpf = Open(resource, logger);
        try
        {
            RequireAbi(bpf, resource);
            return bpf;
        }
        catch
        {
            bpf.Dispose();
            throw;
        }
    }

    private static string ResourceFor(IEnumerable<string> programs)
        => programs.All(p => SocketHook.All.Any(h => h.Program == p)) || !KernelFeatures.HasConntrackLookup() ? Plain : WithConntrack;

    private static BpfObject Open(string resource, BpfLogger? logger)
    {
        using var elf = typeof(ProgramLoader).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"the assembly was built without {resource}: run make build");
        return BpfObject.Open(elf, new ObjectOpenOptions("ebpflb", logger));
    }

    private static DatapathConfig Config(MapSizes sizes, DatapathOptions options) => new()
    {
        SvcStats = options.ServiceCounters ? (byte)1 : (byte)0,
        Services = sizes.Services,
        Traffic = sizes.CountsTraffic ? (byte)1 : (byte)0,
        Backends = sizes.Backends,
        AffinityRows = sizes.AffinityRows,
        AnswerGapNs = options.Answers.GapNanoseconds,
        AnswersGapNs = options.Answers.AnswersGapNanoseconds,
        AnswersBurst = (uint)options.Answers.Burst,
        SetRetval = KernelFeatures.HasSetRetval() ? (byte)1 : (byte)0,
        Conntrack = KernelFeatures.HasConntrackLookup() ? (byte)1 : (byte)0,
        Mptcp = KernelFeatures.HasMptcp() ? (byte)1 : (byte)0,
        Tunnel = (byte)options.Tunnel.Kind,
        TunnelPort = options.Tunnel.Port,
        TunnelMss = options.Tunnel.Mss,
        XdpGeneric = options.Xdp == XdpMode.Generic ? (byte)1 : (byte)0,
    };

    private static void RequireAbi(BpfObject bpf, string resource)
    {
        var found = AbiFingerprint.Compute(bpf.Types, "lb_");
        if (found != AbiInfo.Hash)
        {
            throw new BpfLayoutException("load", resource,
                $"its types have the fingerprint {found[..12]}, the agent was built for "
                    + $"{AbiInfo.Hash[..12]}: build both together (make abi build)");
        }
    }
}
