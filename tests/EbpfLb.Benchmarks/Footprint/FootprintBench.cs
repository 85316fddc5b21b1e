using System.Globalization;
using EbpfLb.Benchmarks.Outside;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Testing.Cgroups;

namespace EbpfLb.Benchmarks.Footprint;

/// <summary>
/// The same services by our agent, by proxies and by kube-proxy's rules: what their processes take, and what they had the kernel allocate.
/// Each has a memory cgroup of its own, to which the kernel charges both, also when the process that loaded rules has ended.
/// </summary>
internal static class FootprintBench
{
    private const int Rounds = 3;
    private const string NotMeasured = "not measured";

    /// <summary>After a start a process gives memory back, and the kernel what it took for one that ended.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(10);

    /// <summary>Thousands of services in one `nft -f` lock a CPU in the kernel for half a minute.</summary>
    private const int MostOfNft = 1_000;

    public static async Task RunAsync(Report report)
    {
        var (rows, bars) = (new List<string[]>(), new List<(string Name, IReadOnlyList<double> Values)>());
        foreach (var services in (int[])[1, 1_000, 10_000])
        {
            string[] kinds = ["tc", "haproxy", "nginx", "iptables", .. services > MostOfNft ? (string[])[] : ["nftables"]];
            var figures = kinds.ToDictionary(kind => kind, _ => new Figures());
            for (var round = 0; round < Rounds; round++)
            {
                foreach (var (kind, figure) in await OnceAsync(kinds, services)) figures[kind].Add(figure);
            }
            rows.AddRange(kinds.Select(kind => figures[kind].Row(services, kind, figures["tc"], figures["iptables"])));
            bars.AddRange(kinds.Select(kind => ($"{Figures.TitleOf(kind)}, {services:N0} services", figures[kind].Bars)));
            foreach (var row in rows.TakeLast(kinds.Length)) Console.Error.WriteLine(string.Join(" | ", row));
        }
        report.Title(
            "Memory",
            $"MiB, median [quartiles] of {Rounds} starts, {Settle.TotalSeconds} s after each; all of a number of services at once. Kernel: "
                + "what is charged to the cgroup, maps included. Both: PSS and kernel, mapped pages of maps once. Ratios are of medians.");
        report.Table(
            ["services", "", "processes", "RSS", "PSS", "of it anonymous", "BPF maps", "kernel", "kernel, of iptables",
                "both", "both, of ours"],
            rows);
        report.Figure("footprint.svg", "Memory by services", RowPlot.Draw(
            "Memory by services; a dash: no process runs", "MiB", ["kernel", "both"], bars, "0.0"));
    }

    private static async Task<Dictionary<string, Figure>> OnceAsync(string[] kinds, int services)
    {
        var names = kinds.ToDictionary(kind => kind, kind => string.Create(CultureInfo.InvariantCulture, $"{kind}-{services}"));
        var groups = new Dictionary<string, MemoryCgroup>();
        try
        {
            using var bed = new Bed([.. names.Values]);
            foreach (var (kind, name) in names)
            {
                if (MemoryCgroup.TryCreate(name) is not { } group)
                {
                    throw new InvalidOperationException(
                        "this machine has no memory controller of cgroup version 1, which this measures by");
                }
                groups.Add(kind, group);
                bed[name].Prefix = group.Enter;
                bed.Program(name, services, remote: false);
            }
            await Task.Delay(Settle);
            return names.ToDictionary(name => name.Key, name => Figure.Of(groups[name.Key]));
        }
        finally
        {
            foreach (var group in groups.Values) group.Dispose();
        }
    }

    /// <param name="Kernel">null: the kernel does not count it.</param>
    private sealed record Figure(IReadOnlyList<ProcessMemory> Processes, double Maps, double? Kernel)
    {
        public static Figure Of(MemoryCgroup group)
        {
            var processes = group.Processes;
            return new Figure([.. processes.Select(ProcessMemory.Of)], processes.Sum(ProcessMemory.Maps), group.KernelUsage);
        }
    }

    private sealed class Figures
    {
        private readonly Samples resident = new(), proportional = new(), anonymous = new(), maps = new(), kernel = new(), both = new();
        private int processes;

        public void Add(Figure figure)
        {
            processes = figure.Processes.Count;
            resident.Add(figure.Processes.Sum(p => p.Resident) / ProcessMemory.MiB);
            proportional.Add(figure.Processes.Sum(p => p.Proportional) / ProcessMemory.MiB);
            anonymous.Add(figure.Processes.Sum(p => p.Anonymous) / ProcessMemory.MiB);
            maps.Add(figure.Maps / ProcessMemory.MiB);
            if (figure.Kernel is not { } charged) return;
            kernel.Add(charged / ProcessMemory.MiB);
            both.Add((figure.Processes.Sum(p => p.Proportional - p.OfMaps) + charged) / ProcessMemory.MiB);
        }

        /// <summary>The kernel's memory, and that with the processes'; NaN: not measured.</summary>
        public IReadOnlyList<double> Bars =>
        [
            kernel.Count > 0 ? kernel.Median : double.NaN, kernel.Count > 0 && processes > 0 ? both.Median : double.NaN,
        ];

        public static string TitleOf(string kind) => kind == "tc" ? "EbpfLb" : kind;

        /// <summary>Rules have no process: what keeps them up to date, kube-proxy, does not run here, and is not 0.</summary>
        public string[] Row(int services, string kind, Figures ours, Figures iptables)
        {
            var (hasProcess, isCharged) = (processes > 0, kernel.Count > 0);
            string ByProcess(Samples samples) => hasProcess ? samples.Text("0.0") : NotMeasured;
            string ByKernel(Samples samples, string format) => isCharged ? samples.Text(format) : NotMeasured;
            string Ratio(Samples of, Samples to) => isCharged && to.Count > 0 ? (of.Median / to.Median).ToString("#,##0.00") : NotMeasured;
            return
            [
                services.ToString("N0", CultureInfo.InvariantCulture), TitleOf(kind), hasProcess ? $"{processes}" : "none runs",
                ByProcess(resident), ByProcess(proportional), ByProcess(anonymous), kind == "tc" ? maps.Text("0.0") : "none",
                ByKernel(kernel, "0.00"), Ratio(kernel, iptables.kernel), hasProcess ? ByKernel(both, "0.0") : NotMeasured,
                hasProcess ? Ratio(both, ours.both) : NotMeasured,
            ];
        }
    }
}
