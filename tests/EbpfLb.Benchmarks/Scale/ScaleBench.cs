using System.Diagnostics;
using System.Globalization;
using EbpfLb.Abi;
using EbpfLb.Benchmarks.Footprint;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Bpf;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Scale;

/// <summary>
/// The real agent at 1,000 to 50,000 services with 5 endpoints each, from a directory with one large file and a small one: its
/// start and a start over its pinned maps, what a change of either file takes, what questions take, its memory after each of these, and
/// how all that grows.
/// </summary>
internal static class ScaleBench
{
    private const int Endpoints = 5;
    private const int SmallChanges = 100;
    private const int LargeChanges = 5;
    private const int Questions = 20;

    private static readonly string Binary = Path.Combine(RepositoryPaths.Root, "build", "bin", "ebpflb");

    /// <param name="sizes">Numbers of services.</param>
    public static async Task RunAsync(Report report, int[] sizes)
    {
        List<string[]> times = [], memory = [];
        List<(double, double)> starts = [], cpus = [];
        var growth = new Growth();
        foreach (var services in sizes)
        {
            var (start, cpu) = await RunAsync(services, times, memory, growth);
            starts.Add((services, start / 1000));
            cpus.Add((services, cpu / 1000));
        }
        report.Title(
            "An agent among many services",
            $"{Endpoints} endpoints a service, one List in JSON and one small file. Start and restart "
                + "(over the pinned maps of an agent that was killed): to ready. Changes: from the renaming of "
                + $"the file that was written to the list in the kernel's map, {SmallChanges} of the small "
                + $"file, {LargeChanges} of the large one. Questions: on the control socket.");
        report.Table(["services", "start, ms (CPU)", "of it compile, ms", "plan and write, ms", "write into maps, ms", "restart, ms (CPU)",
                "small file, ms: median, p99", "large file, ms",
                "backends of one, ms", "services, ms", "verify, ms"],
            times);
        if (sizes.Length > 1)
        {
            report.Figure("scale.svg", "Start of an agent by the number of services", Plot.Lines(
                "Start of an agent among many services", "services", "seconds", [("start", starts), ("of it CPU", cpus)]));
        }
        if (sizes.Length > 2) growth.Print(report);
        report.Part("memory");
        report.Title("Its memory",
            "RSS in MiB: peak of the start, settled, after the changes, after the questions, ten seconds later, peak of all.");
        report.Table(["services", "start", "settled", "changes", "questions", "at the end", "peak"], memory);
        if (sizes.Length > 1)
        {
            report.Figure("scale-memory.svg", "Memory of an agent by the number of services", Plot.Lines(
                "Memory of an agent among many services", "services", "RSS, MiB",
                [("settled", growth["RSS settled, MiB"]), ("peak", growth["RSS peak, MiB"])]));
        }
    }

    /// <returns>Milliseconds of the start, and of CPU within it.</returns>
    private static async Task<(double Start, double Cpu)> RunAsync(int services, List<string[]> times, List<string[]> memory, Growth growth)
    {
        using var topology = NetnsTopology.Create();
        var node = topology.AddNode();
        var cluster = new FakeCluster(services, Endpoints);
        var directory = Directory.CreateTempSubdirectory("ebpflb-bench-");
        try
        {
            var (large, small, own) = (
                Path.Combine(directory.FullName, "all.json"), Path.Combine(directory.FullName, "one.json"), services / 2);
            Write(large, stream => cluster.WriteList(stream, without: own));
            Write(small, stream => stream.Write(cluster.ReplacedSlice(own)));
            var begin = Stopwatch.GetTimestamp();
            using var agent = AgentProcess.Start(new AgentOptions(Binary, node, "--manifests", directory.FullName));
            var start = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
            var startCpu = Cpu(agent);
            var plan = agent.Json("status").GetProperty("lastPlan");
            var (apply, write) = (plan.GetProperty("applyMs").GetDouble(), plan.GetProperty("writeMs").GetDouble());
            var compile = plan.GetProperty("compileMs").GetDouble();
            List<double> rss = [Memory(agent, "VmHWM")];
            await Task.Delay(TimeSpan.FromSeconds(10));
            rss.Add(Memory(agent, "VmRSS"));
            using var map = BpfMap.OpenPinned<LbFrontend4, LbService>(
                Path.Combine(BpfFs.InstancePath(agent.Instance), "maps", Tables.Services4.Name));

            var ofSmall = new Samples();
            var before = Cpu(agent);
            for (var i = -10; i < SmallChanges; i++)
            {
                var ms = await ChangeAsync(map, own, small, stream => stream.Write(cluster.ReplacedSlice(own)));
                if (i >= 0) ofSmall.Add(ms);
            }
            var cpuOfSmall = (Cpu(agent) - before) / (SmallChanges + 10);
            var maps = ProcessMemory.Maps(agent.ProcessId) / ProcessMemory.MiB;
            var ofLarge = new Samples();
            for (var i = 0; i < LargeChanges; i++)
                ofLarge.Add(await ChangeAsync(map, i, large, stream => ReplaceInLarge(large, i, stream)));
            rss.Add(Memory(agent, "VmRSS"));

            var (ns, name) = FakeCluster.NameOf(own);
            var backends = Time(Questions, () => agent.Ask($"/backends?namespace={ns}&name={name}"));
            var all = Time(3, () => agent.Ask("/services"));
            var verify = Time(1, () => agent.Json("verify", "--dry-run"));
            rss.Add(Memory(agent, "VmRSS"));
            await Task.Delay(TimeSpan.FromSeconds(10));
            rss.Add(Memory(agent, "VmRSS"));
            rss.Add(Memory(agent, "VmHWM"));

            agent.Kill();
            begin = Stopwatch.GetTimestamp();
            agent.Launch();
            agent.WaitUntilReady();
            var restart = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
            var restartCpu = Cpu(agent);
            times.Add(
            [
                $"{services:N0}", $"{start:0} ({startCpu:0})", $"{compile:0}", $"{apply:0}", $"{write:0}", $"{restart:0} ({restartCpu:0})",
                $"{ofSmall.Median:0.0}, {ofSmall.Quantile(0.99):0.0}", ofLarge.Text(), backends.Text("0.0"), all.Text(), verify.Text(),
            ]);
            growth.Add("start, ms", services, start);
            growth.Add("CPU of the start, ms", services, startCpu);
            growth.Add("plan and apply, ms", services, apply);
            growth.Add("of it writing into maps, ms", services, write);
            growth.Add("restart, ms", services, restart);
            growth.Add("a change, median ms", services, ofSmall.Median);
            growth.Add("a change, p99 ms", services, ofSmall.Quantile(0.99));
            growth.Add("CPU of a change, ms", services, cpuOfSmall);
            growth.Add("RSS settled, MiB", services, rss[1]);
            growth.Add("RSS peak, MiB", services, rss[^1]);
            growth.Add("maps in the kernel, MiB", services, maps);
            growth.Add("load of the machine", services, double.Parse((await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0],
                CultureInfo.InvariantCulture));
            memory.Add([$"{services:N0}", .. rss.Select(r => r.ToString("0", CultureInfo.InvariantCulture))]);
            return (start, startCpu);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>Under another name first, then renamed.</summary>
    private static void Write(string path, Action<Stream> write)
    {
        using (var stream = File.Create(path + ".new")) write(stream);
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Milliseconds from the renaming of the file that was written.</summary>
    private static async Task<double> ChangeAsync(BpfMap<LbFrontend4, LbService> map, int service, string path, Action<Stream> write)
    {
        var key = new LbFrontend4 { Addr = Be32.FromHost(0x0a600001 + (uint)service), Port = Be16.FromHost(80), Proto = 6 };
        var before = map.Lookup(key);
        using (var stream = File.Create(path + ".new")) write(stream);
        var written = Stopwatch.GetTimestamp();
        File.Move(path + ".new", path, overwrite: true);
        while (map.Lookup(key) == before)
        {
            if (Stopwatch.GetElapsedTime(written).TotalSeconds > 60) throw new TimeoutException("a change did not arrive");
            await Task.Delay(1);
        }
        var ms = Stopwatch.GetElapsedTime(written).TotalMilliseconds;
        await Task.Delay(20);
        return ms;
    }

    /// <summary>Another address, of the same length, for the first endpoint of a Service.</summary>
    private static void ReplaceInLarge(string path, int service, Stream stream)
    {
        var text = File.ReadAllText(path);
        var address = 0x0b000001 + (uint)(service * Endpoints);
        var old = $"[\"{address >> 24}.{address >> 16 & 0xff}.{address >> 8 & 0xff}.{address & 0xff}\"]";
        var place = text.IndexOf(old, StringComparison.Ordinal);
        if (place < 0) throw new InvalidOperationException($"{old} is not in the file");
        using var writer = new StreamWriter(stream, leaveOpen: true);
        writer.Write(text.AsSpan(0, place));
        writer.Write(old.Replace("[\"11.", "[\"12.", StringComparison.Ordinal));
        writer.Write(text.AsSpan(place + old.Length));
    }

    private static Samples Time(int times, Action act)
    {
        var samples = new Samples();
        for (var i = 0; i < times; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            act();
            samples.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }
        return samples;
    }

    /// <summary>Milliseconds of CPU that it used so far.</summary>
    private static double Cpu(AgentProcess agent)
    {
        using var process = Process.GetProcessById(agent.ProcessId);
        return process.TotalProcessorTime.TotalMilliseconds;
    }

    /// <summary>MiB of a line of /proc/PID/status.</summary>
    private static double Memory(AgentProcess agent, string field) => double.Parse(
        File.ReadLines($"/proc/{agent.ProcessId}/status").First(l
            => l.StartsWith(field, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1024;
}
