using System.Globalization;
using EbpfLb.Testing.Cgroups;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Chaos.Faults;

/// <summary>The agent is killed, is short of memory, and has a second one beside it.</summary>
internal static class AgentFaults
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        new("agent-killed", Killed), new("agent-killed-at-call", KilledAtCall), new("two-agents", Two), new("memory", Memory),
        new("clock", Clock),
    ];

    /// <summary>
    /// kill -9 after some changes were sent, whatever it does with them just then; the next one may be killed before it is ready.
    /// </summary>
    private static void Killed(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 3 : 15); i++)
        {
            bed.Objects.Change(random, random.Next(40));
            bed.Agent.Kill();
            bed.Objects.Change(random, random.Next(20));
            bed.Agent.Launch();
            if (random.Next(2) == 0) bed.Agent.WaitUntilReady();
        }
    }

    /// <summary>Just before one of its system calls: while it takes hooks over, waits for a grace period or looks at sockets.</summary>
    private static void KilledAtCall(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 2 : 12); i++)
        {
            bed.Agent.Kill();
            bed.Objects.Change(random, 20);
            var call = random.Next(3) switch
            {
                0 => $"update*{random.Next(1, 16)}",
                1 => "iterate*1",
                _ => $"wait*{random.Next(1, 4)}",
            };
            bed.Agent.LaunchInstead(Bed.Binary, RepositoryPaths.Netprobe, "killed", call);
            try
            {
                bed.Agent.WaitUntilEnded();
            }
            catch (InvalidOperationException)
            {
                // It was ready without coming to that call.
                bed.Agent.Kill();
            }
            bed.Agent.LaunchInstead(Bed.Binary);
        }
    }

    /// <summary>Others of the same instance end at once, also one that comes while the first is being killed and started again.</summary>
    private static void Two(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 1 : 5); i++)
        {
            var directory = Directory.CreateTempSubdirectory("ebpflb-run-");
            try
            {
                bed.Objects.Change(random, 10);
                using var other = bed.Agent.LaunchOther(directory.FullName);
                bed.Objects.Change(random, 10);
                if (other.WaitForExit() != 1) throw new InvalidOperationException($"a second agent ended otherwise:\n{other.Output}");
            }
            finally
            {
                directory.Delete(recursive: true);
            }
        }
    }

    /// <summary>
    /// The limit falls to what the agent uses and half a megabyte at most, while objects change: it gets along, or the kernel kills it and
    /// it is started again. The limit is that of cgroup version 1, which the kernel does not lower below what cannot be given back, else
    /// memory.max of the agent's own cgroup in version 2.
    /// </summary>
    private static void Memory(Bed bed, Random random, bool isShort)
    {
        using (var limit = MemoryCgroup.TryCreate("chaos") ?? MemoryCgroup.TryOpen(bed.Node.Cgroup.Child("agent").Path)
            ?? throw new FaultNotRunException("no memory controller for the agent's cgroup, of either version"))
        {
            for (var i = 0; i < (isShort ? 1 : 5); i++)
            {
                // What was allocated before it came into the cgroup would not be counted.
                bed.Agent.Kill();
                bed.Agent.LaunchInstead(Bed.Binary, limit.Enter);
                bed.Agent.WaitUntilReady();
                var usage = limit.Usage;
                limit.Set(usage + random.Next(512) * 1024);
                bed.Objects.Change(random, 1000);
                var (code, _) = bed.Agent.Command("status");
                limit.Set(null);
                var isAlive = File.Exists($"/proc/{bed.Agent.ProcessId.ToString(CultureInfo.InvariantCulture)}/stat")
                    && bed.Agent.Health() is not null;
                Console.WriteLine($"memory: {usage >> 20} MiB, {(isAlive ? "it got along" : "it was killed")}, status ended with {code}");
            }
            bed.Agent.Kill();
            bed.Agent.LaunchInstead(Bed.Binary);
            bed.Agent.WaitUntilReady();
        }
    }

    /// <summary>
    /// An agent whose monotonic clock is a day ahead of the kernel's, in a time namespace of its own. The wall clock cannot be set for one
    /// process, and is left alone.
    /// </summary>
    private static void Clock(Bed bed, Random random, bool isShort)
    {
        foreach (var offset in (int[])(isShort ? [86_400] : [86_400, 3_600]))
        {
            bed.Agent.Kill();
            var seconds = offset.ToString(CultureInfo.InvariantCulture);
            bed.Agent.LaunchInstead(
                Bed.Binary, RepositoryPaths.Tool("unshare"), "--time", "--monotonic", seconds, "--boottime", seconds, "--fork",
                "--kill-child");
            bed.Agent.WaitUntilReady();
            bed.Objects.Change(random, 20);
            bed.Settle();
            bed.Agent.Kill();
            bed.Agent.LaunchInstead(Bed.Binary);
        }
        bed.Agent.WaitUntilReady();
    }
}
