using EbpfLb.Benchmarks.Reports;

namespace EbpfLb.Benchmarks.Tests;

/// <summary>Results of runs that never were.</summary>
internal static class Results
{
    public static BenchResult Of(string name, Action<Report> write)
    {
        var report = new Report(TextWriter.Null);
        write(report);
        return new BenchResult(
            name, $"make bench ONLY={name}", "0123abcd", new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), TimeSpan.FromSeconds(61),
            new Machine("Some CPU", 2, true, ["L2 2 MiB each", "L3 32 MiB shared"], 23, "6.18.1", ".NET 10.0.1"), 0.25, 1.5, report);
    }
}
