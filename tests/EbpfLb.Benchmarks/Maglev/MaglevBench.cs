using System.Diagnostics;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Model;
using EbpfLb.Planning.Maglev;
using EbpfLb.Policy;

namespace EbpfLb.Benchmarks.Maglev;

/// <summary>Maglev tables: all of a large cluster at once, and one when an endpoint changes. No kernel is asked.</summary>
internal static class MaglevBench
{
    private const int Services = 1_000;
    private const int Endpoints = 100;
    private const int Changes = 500;

    public static void Run(Report report)
    {
        var services = Enumerable.Range(0, Services).Select(s => Enumerable.Range(0, Endpoints).Select(e => BackendOf(s, e, 0)).ToArray())
            .ToArray();
        var (serial, parallel, change) = (new Samples(), new Samples(), new Samples());
        var table = new int[MaglevTableSize.Default];
        for (var run = -1; run < 5; run++)
        {
            var one = Milliseconds(() =>
            {
                foreach (var backends in services) MaglevTable.Build(backends, table);
            });
            var many = Milliseconds(() => Parallel.For(0, Services, () => new int[MaglevTableSize.Default], (s, _, own) =>
            {
                MaglevTable.Build(services[s], own);
                return own;
            }, _ => { }));
            if (run < 0) continue;
            serial.Add(one);
            parallel.Add(many);
        }
        for (var i = 0; i < Changes; i++)
        {
            services[i][i % Endpoints] = BackendOf(i, i % Endpoints, 1);
            change.Add(Milliseconds(() => MaglevTable.Build(services[i], table)));
        }
        report.Title("Maglev tables",
            $"{Services:N0} services x {Endpoints} endpoints, tables of {MaglevTableSize.Default} entries, on {Environment.ProcessorCount} "
                + $"CPUs.");
        report.Table(["what", "median ms", "quartiles", "of one thread"],
        [
            ["all tables, one thread", .. Row(serial, "0"), "1"],
            ["all tables, all CPUs", .. Row(parallel, "0"), parallel.Over(serial).Text("0.00")],
            ["one table after a change", .. Row(change, "0.00"), ""],
        ]);
    }

    private static MaglevBackend BackendOf(int service, int endpoint, int generation)
        => new(new BackendAddress(IpAddress.Parse($"10.{service % 250}.{service / 250}.{endpoint + 1}"), (ushort)(8080 + generation)), 1);

    private static string[] Row(Samples samples, string format)
        => [samples.Median.ToString(format), $"{samples.Quantile(0.25).ToString(format)} to {samples.Quantile(0.75).ToString(format)}"];

    private static double Milliseconds(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
