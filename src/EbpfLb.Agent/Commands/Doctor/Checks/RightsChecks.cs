using System.Globalization;
using EbpfLb.Bpf;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>Rights of this process and of the agent's.</summary>
internal static class RightsChecks
{
    private const string Command = "rights.command", Agent = "rights.agent", Memory = "rights.memlock";
    private const string NoAgent = "no agent runs in this pid namespace";

    /// <summary>By their numbers (linux/capability.h), with what is lost (docs/operations.md).</summary>
    private static readonly (int Number, string Name, string Lost)[] Capabilities =
    [
        (39, "CAP_BPF", "maps and programs"),
        (38, "CAP_PERFMON", "pointers in programs"),
        (12, "CAP_NET_ADMIN", "programs of sockets and devices"),
        (21, "CAP_SYS_ADMIN", "addresses of pods are not known"),
        (19, "CAP_SYS_PTRACE", "network namespaces that only processes hold are not found"),
        (11, "CAP_NET_BROADCAST", "addresses of new pods are found late"),
        (24, "CAP_SYS_RESOURCE", "the OOM score cannot be set"),
    ];

    private const int SysAdmin = 21, NetAdmin = 12;

    /// <summary>Memory of maps counts as locked memory up to this version.</summary>
    private static readonly Version CountsLockedMemory = new(5, 10);

    public static IEnumerable<CheckResult> OfCommand(DoctorFacts facts)
    {
        yield return !Privileges.IsRoot ? CheckResult.NotKnown(
                Command, "this command does not run as root: maps, programs, rules and the control socket cannot be read", "run as root")
            : Privileges.Missing() is { } missing ? CheckResult.NotKnown(Command, "not everything can be read", missing)
            : CheckResult.Ok(Command, "root");
    }

    public static IEnumerable<CheckResult> OfAgent(DoctorFacts facts)
    {
        if (facts.AgentPid is not { } pid) return [CheckResult.NotKnown(Agent, NoAgent)];
        return Value($"/proc/{pid}/status", "CapEff:") is { } text
            && ulong.TryParse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var mask)
                ? Judge(mask) : [CheckResult.NotKnown(Agent, $"/proc/{pid}/status cannot be read")];
    }

    public static IEnumerable<CheckResult> OfMemory(DoctorFacts facts)
    {
        if (KernelChecks.Parse(File.ReadAllText("/proc/sys/kernel/osrelease")) > CountsLockedMemory)
            yield return CheckResult.Ok(Memory, "this kernel counts maps as the memory of the agent's cgroup, and has no other limit");
        else if (facts.AgentPid is not { } pid) yield return CheckResult.NotKnown(Memory, NoAgent);
        else if (Value($"/proc/{pid}/limits", "Max locked memory") is not { } limit)
            yield return CheckResult.NotKnown(Memory, $"/proc/{pid}/limits cannot be read");
        else if (limit.StartsWith("unlimited", StringComparison.Ordinal)) yield return CheckResult.Ok(Memory, "unlimited");
        else
            yield return CheckResult.Problem(Memory, $"the agent may lock {limit.Split(' ')[0]} bytes only, and maps count as that here",
                "give the unit LimitMEMLOCK=infinity, or use Linux 5.11 or newer");
    }

    public static IEnumerable<CheckResult> Judge(ulong effective)
    {
        var missing = Capabilities.Where(c => !Has(c.Number)).ToList();
        if (missing.Count == 0) yield return CheckResult.Ok(Agent, "all that it makes use of");
        foreach (var (number, name, lost) in missing)
        {
            // CAP_SYS_ADMIN stands for the two, but not for CAP_NET_ADMIN.
            var isNeeded = number == NetAdmin || (number is 38 or 39 && !Has(SysAdmin));
            var remedy = $"add {name} to the container's capabilities or to the unit's CapabilityBoundingSet";
            yield return isNeeded ? CheckResult.Problem(Agent, $"the agent lacks {name}: {lost}", remedy)
                : CheckResult.Warning(Agent, $"the agent lacks {name}: {lost}", remedy);
        }

        bool Has(int number) => (effective >> number & 1) != 0;
    }

    private static string? Value(string file, string name)
    {
        try
        {
            return File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))?[name.Length..].Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
