using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Ownership;
using EbpfLb.Model;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>Other instances on this machine: each with an agent of its own, or left.</summary>
internal static class InstanceChecks
{
    private const string Others = "instances.others";

    public static IEnumerable<CheckResult> OfOthers(DoctorFacts facts)
    {
        var others = Instances.List(facts.Kernel).Where(name => name != facts.Start.Instance.Name).ToList();
        List<CheckResult> left = [.. others.Where(name => !HasAgent(facts, name)).Select(Left), .. Elsewhere(facts)];
        return left.Count > 0 ? left
            : [CheckResult.Ok(Others, others.Count == 0 ? "none" : $"each has an agent: {string.Join(", ", others)}")];
    }

    public static CheckResult Left(string name) => CheckResult.Warning(Others,
        $"instance '{name}' is pinned and no agent owns it: what it programmed stays in force as it was",
        $"if it is not to come back: `ebpflb cleanup {OptionNames.Instance} {name}`");

    /// <summary>Of an agent that had another BPF file system: no name in ours leads to it.</summary>
    public static CheckResult LeftAt(InstancePaths paths, string root) => CheckResult.Problem(Others,
        $"instance '{paths.Instance}' in another BPF file system, {paths.BpfFs}, is at the sockets of {root} too: connections are "
            + "translated by both, first by whose programs were there first",
        $"if it is not to be there: `ebpflb cleanup {OptionNames.Instance} {paths.Instance} {OptionNames.Bpffs} {paths.BpfFs}`");

    private static List<CheckResult> Elsewhere(DoctorFacts facts)
    {
        try
        {
            return [.. InForceElsewhere(facts)];
        }
        catch (Exception e) when (e is BpfException or IOException or UnauthorizedAccessException)
        {
            return [CheckResult.NotKnown(Others, $"whether programs of other BPF file systems are in force: {e.Message}")];
        }
    }

    private static IEnumerable<CheckResult> InForceElsewhere(DoctorFacts facts)
        => (facts.Start.Instance.CgroupRoot ?? CgroupFileSystem.Find()) is { } root
            ? OtherPlaces.InForce(facts.Kernel, root)
                // Where an agent has it, it is this command that was given another file system; hooks.others says that there are two.
                .Where(paths => !InstanceOwnership.IsLocked(facts.Kernel with { Instance = paths.Instance, BpfFs = paths.BpfFs }))
                .Select(paths => LeftAt(paths, root))
            : [];

    private static bool HasAgent(DoctorFacts facts, string name)
    {
        var options = facts.Kernel with { Instance = name };
        return InstanceOwnership.Find(options) is not null || InstanceOwnership.IsLocked(options);
    }
}
