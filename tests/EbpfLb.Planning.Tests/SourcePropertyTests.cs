using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Inspection;
using EbpfLb.Planning.Tables;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Tables;
using FsCheck;
using FsCheck.Fluent;

namespace EbpfLb.Planning.Tests;

/// <summary>
/// Source ranges at every moment of any history: who is let in by the old and the new table is let in, who by none is not.
/// </summary>
public sealed class SourcePropertyTests
{
    private static readonly Config Rounds = Config.QuickThrowOnFailure.WithMaxTest(100).WithEndSize(50);

    private static readonly IpAddress[] Sources =
        [.. new[] { "192.0.2.7", "198.51.100.1", "198.51.100.200", "8.8.8.8", "2001:db8::7", "2001:db9::7" }.Select(IpAddress.Parse)];

    [Fact]
    public void Nobody_is_refused_or_let_in_by_a_plan_under_way_or_by_what_is_retired()
        => Prop.ForAll(Histories.Any, AdmitAllAlong).Check(Rounds);

    [Theory]
    [InlineData(140065, 310899)]
    [InlineData(603863, 330833)]
    [InlineData(415375, 78297)]
    public void Nobody_is_refused_or_let_in_by_a_plan_under_way_or_by_what_is_retired_in_a_history_that_once_failed(params int[] codes)
        => AdmitAllAlong(codes);

    [Fact]
    public void Faults_let_nobody_in_whom_no_table_of_the_time_lets_in() => Prop.ForAll(Histories.Any, codes =>
    {
        var lab = new Lab(faults: new RandomFaults(new Random(codes.Length), percent: 15), closing: true);
        List<ForwardingTable> since = [];
        foreach (var code in codes)
        {
            ClusterChanges.Apply(lab.Cluster, code);
            var result = lab.Step();
            since.Add(lab.Table!);
            foreach (var frontend in KernelReader.Frontends(lab.Kernel.Content))
            {
                Assert.All(Sources, source => Assert.True(
                    !Admits(frontend, source) || since.Any(t => Admits(t, frontend.Key, source) != false),
                    $"{source} may use {frontend.Key}"));
            }
            if (code % 3 == 0) lab.Retire();
            // What failed half-way is over when all is done and nothing waits for its end any more.
            if (result.IsComplete && lab.Waiting.Count == 0) since = [lab.Table!];
        }
    }).Check(Rounds);

    private static void AssertBetween(ForwardingTable old, ForwardingTable wanted, MemoryKernel kernel)
    {
        foreach (var frontend in KernelReader.Frontends(kernel.Content))
        {
            var (from, to) = (PortOf(old, frontend.Key), PortOf(wanted, frontend.Key));
            foreach (var source in Sources.Where(s => s.Family == frontend.Key.Table))
            {
                var (first, second) = (Admits(old, frontend.Key, source), Admits(wanted, frontend.Key, source));
                if (first is null && second is null) continue;
                var now = Admits(frontend, source);
                Assert.True(now || (first ?? second) == false || (second ?? first) == false, $"{source} is refused by {frontend.Key}");
                // An address that moves may meet the filter that its old port is about to get for its other addresses.
                var moves = from is not null && to is not null && from.Key != to.Key;
                var meets = moves && Find(wanted, from!.Key) is { } left
                    && (left.Ranges.IsEmpty || left.Ranges.Any(r => r.Contains(source)));
                Assert.True(!now || first == true || second == true || meets, $"{source} is let in by {frontend.Key}");
            }
        }
    }

    private static CompiledPort? Find(ForwardingTable table, ServicePortKey key)
        => table.Find(key.Service)?.Ports.FirstOrDefault(p => p.Key == key);

    private static CompiledPort? PortOf(ForwardingTable table, FrontendKey key)
        => table.Services.SelectMany(s => s.Ports).FirstOrDefault(p => p.Frontends.Any(f => FrontendKey.From(f.Frontend) == key));

    private static bool Admits(KernelFrontend frontend, IpAddress source) => frontend.Sources?.Any(r => r.Contains(source)) ?? true;

    /// <summary>null when the table has no such frontend.</summary>
    private static bool? Admits(ForwardingTable table, FrontendKey key, IpAddress source)
    {
        if (PortOf(table, key) is not { } port) return null;
        var served = port.Frontends.First(f => FrontendKey.From(f.Frontend) == key);
        return served.Kind != FrontendKind.LoadBalancer || port.Ranges.IsEmpty || port.Ranges.Any(r => r.Contains(source));
    }

    private static void AdmitAllAlong(int[] codes)
    {
        var hook = new Hook();
        var lab = new Lab(faults: hook, closing: true);
        var before = ForwardingTable.Empty;
        hook.Before = (_, _) =>
        {
            AssertBetween(before, lab.Table!, lab.Kernel);
            return TableError.None;
        };
        foreach (var code in codes)
        {
            ClusterChanges.Apply(lab.Cluster, code);
            var plan = lab.Plan();
            // What waits is retired by another thread, also between a plan and its execution.
            if (code % 3 == 0) lab.Retire();
            var result = lab.Applier.Apply(plan);
            Assert.True(result.IsComplete);
            if (!result.Retired.IsEmpty) lab.Waiting.Add(result.Retired);
            before = lab.Table!;
            AssertBetween(before, before, lab.Kernel);
            if (code % 5 == 0) lab.Retire();
        }
        lab.Step();
        lab.AssertKernelIsTable();
        lab.Retire();
        lab.AssertKernelIsTable();
        lab.AssertNothingIsLeftOver();
    }
}
