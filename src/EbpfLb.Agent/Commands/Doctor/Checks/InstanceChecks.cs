using EbpfLb.Datapath;
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
        List<CheckResult> left = [.. others.Where(name => !HasAgent(facts, name)).Select(Left)];
        return left.Count > 0 ? left
            : [CheckResult.Ok(Others, others.Count == 0 ? "none" : $"each has an agent: {string.Join(", ", others)}")];
    }

    public static CheckResult Left(string name) => CheckResult.Warning(Others,
        $"instance '{name}' is pinned and no agent owns it: what it programmed stays in force as it was",
        $"if it is not to come back: `ebpflb cleanup {OptionNames.Instance} {name}`");

    private static bool HasAgent(DoctorFacts facts, string name)
    {
        var options = facts.Kernel with { Instance = name };
        return InstanceOwnership.Find(options) is not null || InstanceOwnership.IsLocked(options);
    }
}
