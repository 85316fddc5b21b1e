using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Bpf.Btf;
using EbpfLb.Datapath.Options;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Loading;

/// <summary>Opens the object that travels in this assembly, sets its knobs and has the kernel take it.</summary>
internal static class ProgramLoader
{
    private const string WithConntrack = "ebpflb.bpf.o";

    /// <summary>The same programs without functions of nf_conntrack, which libbpf would look for and refuse the object without.</summary>
    private const string Plain = "plain.bpf.o";

    public static LoadedProgram Load(InstancePaths paths, MapSizes sizes, DatapathOptions options, ILogger logger)
    {
        using var bpf = OpenObject((_, line) => Log.LibBpf(logger, line));
        var config = new DatapathConfig
        {
            SvcStats = options.ServiceCounters ? (byte)1 : (byte)0,
            AffinityRows = sizes.AffinityRows,
            AnswerGapNs = options.Answers.GapNanoseconds,
            AnswersGapNs = options.Answers.AnswersGapNanoseconds,
            AnswersBurst = (uint)options.Answers.Burst,
            SetRetval = KernelFeatures.HasSetRetval() ? (byte)1 : (byte)0,
            Conntrack = KernelFeatures.HasConntrackLookup() ? (byte)1 : (byte)0,
            Mptcp = KernelFeatures.HasMptcp() ? (byte)1 : (byte)0,
        };
        foreach (var knob in config.Knobs())
            bpf.Knobs.Set(knob.Name, knob.Bytes.Span);

        var maps = new MapLoader(paths, sizes, logger).Load(bpf);
        return new LoadedProgram(maps, bpf.Programs.Keys.ToDictionary(name => name, bpf.OpenProgram), paths);
    }

    /// <summary>The object before it is loaded.</summary>
    /// <exception cref="BpfLayoutException">It is of another build than this agent.</exception>
    public static BpfObject OpenObject(BpfLogger? logger)
    {
        var resource = KernelFeatures.HasConntrackLookup() ? WithConntrack : Plain;
        using var elf = typeof(ProgramLoader).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"the assembly was built without {resource}: run make build");
        var bpf = BpfObject.Open(elf, new ObjectOpenOptions("ebpflb", logger));
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

    private static void RequireAbi(BpfObject bpf, string resource)
    {
        var found = AbiFingerprint.Compute(bpf.Types, "lb_");
        if (found != AbiInfo.Hash)
        {
            throw new BpfLayoutException("load", resource,
                $"its types have the fingerprint {found[..12]}, the agent was built for {AbiInfo.Hash[..12]}: build both together (make abi build)");
        }
    }
}
