using System.Globalization;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Chaos.Faults;

/// <summary>The agent, or a command, is killed just before one of its system calls, wherever it is then.</summary>
internal static class KillFaults
{
    private const int Killed = 128 + 9;

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("agent-killed-at-write", AtWrite), new("agent-killed-at-start", AtStart), new("agent-killed-at-first-start", AtFirstStart)
        {
            MayLose = true,
        },
        new("agent-killed-in-switch", InSwitch), new("agent-killed-at-tc", AtTc), new("agent-killed-at-file", AtFile),
        new("cleanup-killed", Cleanup) { MayLose = true },
    ];

    /// <summary>As `make variants` builds it.</summary>
    private static string OtherLayout { get; } = Path.Combine(RepositoryPaths.Root, "build", "upgrade", "every", "ebpflb");

    /// <summary>
    /// Of a change of a service, before each write to a map and before what was used is given back: <see cref="KillWalk"/>.
    /// </summary>
    private static void AtWrite(Bed bed, Random random, bool isShort)
    {
        using var order = new KillOrder();
        Obey(bed, order);
        var walk = new KillWalk(bed, order);
        var changes = ServiceChange.All(bed.Pods, bed.Outside).ToArray();
        random.Shuffle(changes);
        foreach (var change in changes.Where(c => !isShort || c.Name is "replace" or "add"))
        {
            foreach (var call in (string[])(isShort ? ["write"] : ["write", "wait"]))
            {
                var calls = walk.Walk(change, call);
                Console.WriteLine($"{change.Name}, {call}: killed {calls.Count} times: {string.Join(", ", calls)}");
            }
        }
        bed.Objects.Set(Cluster.Spare, null);
        GoOn(bed);
    }

    /// <summary>Of a start, with what an agent before left, while objects have changed; what is left serves on.</summary>
    private static void AtStart(Bed bed, Random random, bool isShort)
    {
        var points = new KillPoints(random, "write", "pin", "update", "create", "load", "rename", "unlink", "iterate", "wait", "tc", "any");
        for (var i = 0; i < (isShort ? 3 : 30); i++)
        {
            bed.Agent.Kill();
            bed.Objects.Change(random, random.Next(20));
            Interrupt(bed, Bed.Binary, points);
            bed.RequireServed(points.Last);
        }
        GoOn(bed);
    }

    /// <summary>Of a start on a node where nothing is: maps, links and pins are made. Whatever was begun, the next one serves.</summary>
    private static void AtFirstStart(Bed bed, Random random, bool isShort)
    {
        var points = new KillPoints(random, "write", "pin", "attach", "create", "load", "rename", "tc", "any");
        for (var i = 0; i < (isShort ? 2 : 15); i++)
        {
            bed.Agent.Kill();
            RequireCleanup(bed);
            Interrupt(bed, Bed.Binary, points);
            // It may be that it is killed twice before it comes to its end.
            if (random.Next(3) == 0) Interrupt(bed, Bed.Binary, points);
            GoOn(bed);
            bed.Settle();
            bed.HoldAgain();
            bed.RequireServed($"{points.Last} and started again");
        }
    }

    /// <summary>Of the switch to maps of another layout and back.</summary>
    private static void InSwitch(Bed bed, Random random, bool isShort)
    {
        if (!File.Exists(OtherLayout)) throw new FaultNotRunException("no agent of another layout: make variants");
        var points = new KillPoints(random, "write", "pin", "update", "create", "rename", "unlink", "iterate", "wait", "any");
        for (var i = 0; i < (isShort ? 2 : 10); i++)
        {
            bed.Agent.Kill();
            bed.Objects.Change(random, random.Next(20));
            Interrupt(bed, random.Next(2) == 0 ? OtherLayout : Bed.Binary, points);
            bed.RequireServed(points.Last);
            if (random.Next(3) == 0) continue;
            bed.Agent.LaunchInstead(random.Next(2) == 0 ? OtherLayout : Bed.Binary);
            bed.Agent.WaitUntilReady();
            bed.RequireServed($"{points.Last} and started again");
        }
        GoOn(bed);
    }

    /// <summary>While it puts back the qdisc or a filter that somebody deleted.</summary>
    private static void AtTc(Bed bed, Random random, bool isShort)
    {
        using var order = new KillOrder();
        Obey(bed, order);
        for (var i = 0; i < (isShort ? 1 : 8); i++)
        {
            order.Give(string.Create(CultureInfo.InvariantCulture, $"{(random.Next(3) == 0 ? "any" : "tc")}*{random.Next(1, 4)}"));
            ChildProcess.Run(bed.Node.Place, [RepositoryPaths.Tool("tc"), .. KernelFaults.RandomDeletion(random)]);
            bed.UntilKilledOrRight();
            if (order.TakeBack(bed.Agent)) bed.Agent.Launch();
            bed.Agent.WaitUntilReady();
            bed.Settle();
            bed.RequireServed("killed while it put filters back, and started again");
        }
        GoOn(bed);
    }

    /// <summary>While it writes down a drain, or the history: the next one finds what was there before or after.</summary>
    private static void AtFile(Bed bed, Random random, bool isShort)
    {
        using var order = new KillOrder();
        Obey(bed, order);
        string[] steps = ["file*1", "sync*1", "rename:.drains*1", "write*1", "write*2", "wait*1", "rename:.history*1"];
        random.Shuffle(steps);
        foreach (var step in steps.Take(isShort ? 2 : steps.Length))
        {
            var pod = bed.Pods[random.Next(bed.Pods.Count)].IPv4.ToString();
            order.Give(step);
            var (code, output) = bed.Agent.Command("drain", pod, "--service", "default/svc0");
            Eventually.True(() => bed.Agent.HasEnded || !step.Contains("history", StringComparison.Ordinal), "the history to be written");
            var when = $"killed before {step}";
            if (order.TakeBack(bed.Agent))
            {
                bed.RequireServed(when);
                bed.Agent.Launch();
            }
            bed.Agent.WaitUntilReady();
            var drained = bed.Agent.Command("drain").Output.Contains(pod, StringComparison.Ordinal);
            if (code == 0 && !drained) throw new InvalidOperationException($"{when}, a drain that was confirmed is lost: {output}");
            if (bed.Agent.Command("history") is { ExitCode: not 0 } history)
                throw new InvalidOperationException($"{when}, the history is not read: {history.Output}");
            bed.RequireServed($"{when} and started again");
            if (drained && bed.Agent.Command("undrain", "--all") is { ExitCode: not 0 } undrain)
                throw new InvalidOperationException($"{when}, undrain ended with {undrain.ExitCode}: {undrain.Output}");
        }
        GoOn(bed);
    }

    /// <summary>`ebpflb cleanup`: again it removes the rest, and an agent makes the rest again.</summary>
    private static void Cleanup(Bed bed, Random random, bool isShort)
    {
        var points = new KillPoints(random, "detach", "unlink", "tc", "any");
        for (var i = 0; i < (isShort ? 2 : 10); i++)
        {
            bed.Agent.Kill();
            var (code, output) = bed.Agent.CommandBy([RepositoryPaths.Netprobe, "killed", points.Next()], "cleanup");
            points.Learn(code == Killed);
            if (code is not (0 or Killed)) throw new InvalidOperationException($"cleanup ended with {code}: {output}");
            if (random.Next(2) == 0) RequireCleanup(bed);
            GoOn(bed);
            bed.Settle();
            bed.HoldAgain();
            bed.RequireServed($"cleanup {points.Last} and an agent started");
        }
    }

    private static void RequireCleanup(Bed bed)
    {
        if (bed.Agent.Command("cleanup") is { ExitCode: not 0 } failed)
            throw new InvalidOperationException($"cleanup ended with {failed.ExitCode}: {failed.Output}");
        var filters = ChildProcess.Run(bed.Node.Place, RepositoryPaths.Tool("tc"), "filter", "show", "dev", "eth0", "ingress").Output;
        if (Directory.Exists(BpfFs.InstancePath(bed.Agent.Instance)) || filters.Contains("ebpflb", StringComparison.Ordinal)
            || Directory.Exists(bed.Agent.RunDirectory))
            throw new InvalidOperationException($"cleanup left something: {filters}");
    }

    /// <summary>Starts it and has it killed at the next of the points, or when it is ready without having come there.</summary>
    private static void Interrupt(Bed bed, string binary, KillPoints points)
    {
        bed.Agent.LaunchInstead(binary, RepositoryPaths.Netprobe, "killed", points.Next());
        try
        {
            points.Learn(bed.Agent.WaitUntilEnded() == Killed);
        }
        catch (InvalidOperationException)
        {
            points.Learn(isReached: false);
            bed.Agent.Kill();
        }
    }

    /// <summary>With an agent that obeys it.</summary>
    public static void Obey(Bed bed, KillOrder order)
    {
        bed.Agent.Kill();
        bed.Agent.LaunchInstead(Bed.Binary, order.Prefix);
        bed.Agent.WaitUntilReady();
    }

    /// <summary>With an agent that obeys no order.</summary>
    private static void GoOn(Bed bed)
    {
        bed.Agent.Kill();
        bed.Agent.LaunchInstead(Bed.Binary);
        bed.Agent.WaitUntilReady();
    }
}
