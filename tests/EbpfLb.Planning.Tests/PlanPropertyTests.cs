using EbpfLb.Planning.Inspection;
using EbpfLb.Planning.Tables;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Tables;
using FsCheck;
using FsCheck.Fluent;

namespace EbpfLb.Planning.Tests;

/// <summary>What must hold for any history of any cluster.</summary>
public sealed class PlanPropertyTests
{
    private static readonly Config Rounds = Config.QuickThrowOnFailure.WithMaxTest(200).WithEndSize(50);

    [Fact]
    public void Applying_a_plan_makes_the_kernel_the_table_and_the_next_plan_is_empty()
        => Prop.ForAll(Histories.Any, ApplyAll).Check(Rounds);

    [Theory]
    [InlineData(236805, 620608, 772183)]
    public void Applying_a_plan_makes_the_kernel_the_table_and_the_next_plan_is_empty_in_a_history_that_once_failed(params int[] codes)
        => ApplyAll(codes);

    [Fact]
    public void After_any_prefix_of_a_plan_every_entry_can_be_followed() => Prop.ForAll(Histories.Any, codes =>
    {
        var hook = new Hook();
        var lab = new Lab(faults: hook, closing: true);
        var before = ForwardingTable.Empty;
        hook.Before = (_, _) =>
        {
            lab.AssertSafe();
            lab.AssertClosedLast(before);
            return TableError.None;
        };
        foreach (var code in codes)
        {
            ClusterChanges.Apply(lab.Cluster, code);
            lab.Step();
            before = lab.Table!;
            if (code % 3 == 0) lab.Retire();
        }
    }).Check(Rounds);

    [Fact]
    public void A_restart_at_any_time_finds_everything_and_plans_nothing() => Prop.ForAll(Histories.Any, codes =>
    {
        var lab = new Lab(closing: true);
        foreach (var code in codes)
        {
            ClusterChanges.Apply(lab.Cluster, code);
            lab.Step();
            lab.Retire();
            if (code % 4 != 0) continue;
            lab.Restart();
            var plan = lab.Plan();
            Assert.True(plan.IsEmpty, plan.ToString());
            lab.Step();
            lab.AssertNothingIsLeftOver();
        }
    }).Check(Rounds);

    [Fact]
    public void A_crash_after_any_operation_heals_with_the_first_plan_of_the_next_agent()
        => Prop.ForAll(Histories.Any, CrashAndHeal).Check(Rounds);

    [Theory]
    [InlineData(757877, 3157, 331769)]
    public void A_crash_after_any_operation_heals_with_the_first_plan_of_the_next_agent_in_a_history_that_once_failed(params int[] codes)
        => CrashAndHeal(codes);

    [Fact]
    public void Random_faults_never_break_an_entry_and_heal_when_they_end() => Prop.ForAll(Histories.Any, FailAndHeal).Check(Rounds);

    [Theory]
    [InlineData(681679, 224500, 734873, 332833, 464720, 724840)]
    [InlineData(
        112118, 394758, 348686, 479218, 991777, 430354, 24283, 500481, 65267, 921999, 518156, 336484, 221186, 600257, 312191, 531766,
        764486, 323432,
        469745, 826730, 250335, 506081, 604776, 376080, 692492, 904939, 114618, 469372)]
    public void Random_faults_never_break_an_entry_and_heal_when_they_end_in_a_history_that_once_failed(params int[] codes)
        => FailAndHeal(codes);

    [Fact]
    public void A_kernel_that_is_full_leaves_every_service_wholly_old_or_wholly_new() => Prop.ForAll(Histories.Any, codes =>
    {
        // The planner believes in more room than the tables have.
        var lab = new Lab(kernelLimits: Lab.Small with { MaxFrontends4 = 6, MaxFrontends6 = 4 }, closing: true);
        lab.Step();
        foreach (var code in codes)
        {
            ClusterChanges.Apply(lab.Cluster, code);
            var before = lab.Lines().ToHashSet();
            var result = lab.Step();
            lab.AssertSafe();
            lab.Retire();
            var after = lab.Lines().ToHashSet();
            var failed = result.Failures.Select(f => f.Service).ToHashSet();
            foreach (var service in lab.Table!.Services.Where(s => s.Name != Canary.Name))
            {
                var lines = service.Ports.SelectMany(p => p.Frontends.Select(f => $"{f.Frontend} ")).ToArray();
                if (failed.Contains(service.Name)) Assert.Equal(Of(before, lines), Of(after, lines));
                else Assert.Equal(lines.Length, Of(after, lines).Length);
            }
        }
    }).Check(Rounds);

    [Fact]
    public void An_id_is_not_used_again_before_it_is_retired() => Prop.ForAll(Histories.Any, codes =>
    {
        var lab = new Lab(closing: true);
        Dictionary<uint, KernelBackend> seen = [];
        foreach (var code in codes)
        {
            ClusterChanges.Apply(lab.Cluster, code);
            lab.Step();
            foreach (var backend in KernelReader.Backends(lab.Kernel.Content))
            {
                var old = seen.TryGetValue(backend.Id, out var known) ? known : backend;
                Assert.Equal((old.Address, old.ServiceId), (backend.Address, backend.ServiceId));
                seen[backend.Id] = backend;
            }
            if (code % 5 != 0) continue;
            lab.Retire();
            seen = KernelReader.Backends(lab.Kernel.Content).ToDictionary(b => b.Id);
        }
    }).Check(Rounds);

    [Fact]
    public void A_plan_touches_only_services_that_changed() => Prop.ForAll(Histories.Any, codes =>
    {
        var lab = new Lab(closing: true);
        foreach (var code in codes)
        {
            var before = lab.Table ?? ForwardingTable.Empty;
            ClusterChanges.Apply(lab.Cluster, code);
            var plan = lab.Plan();
            var changed = lab.Table!.Services.Select(s => s.Name).Union(before.Services.Select(s => s.Name))
                .Where(n => !ReferenceEquals(before.Find(n), lab.Table.Find(n)))
                .ToHashSet();
            Assert.All(plan.Groups, g => Assert.Contains(g.Service, changed));
            lab.Step();
        }
    }).Check(Rounds);

    private static string[] Of(HashSet<string> lines, string[] frontends)
        => [.. lines.Where(l => Array.Exists(frontends, f => l.StartsWith(f, StringComparison.Ordinal))).Order(StringComparer.Ordinal)];

    private static void ApplyAll(int[] codes)
    {
        var lab = new Lab(closing: true);
        foreach (var code in codes)
        {
            ClusterChanges.Apply(lab.Cluster, code);
            Assert.True(lab.Step().IsComplete);
            lab.AssertKernelIsTable();
            var second = lab.Plan();
            Assert.True(second.IsEmpty, second.ToString());
            lab.Step();
            if (code % 3 == 0) lab.Retire();
        }
        lab.Step();
        lab.Retire();
        lab.AssertKernelIsTable();
        lab.AssertNothingIsLeftOver();
    }

    private static void CrashAndHeal(int[] codes)
    {
        var hook = new Hook();
        var lab = new Lab(faults: hook, closing: true);
        foreach (var code in codes)
        {
            ClusterChanges.Apply(lab.Cluster, code);
            // From some operation on nothing reaches the tables any more.
            var last = hook.Count + code % 12;
            hook.Before = (_, _) => hook.Count > last ? TableError.NotPermitted : TableError.None;
            lab.Step();
            lab.Retire();
            lab.AssertSafe();
            if (code % 2 == 0) lab.Restart();
            hook.Before = (_, _) => TableError.None;
            Assert.True(lab.Step().IsComplete);
            lab.AssertKernelIsTable();
        }
        lab.Step();
        lab.Retire();
        lab.AssertNothingIsLeftOver();
    }

    private static void FailAndHeal(int[] codes)
    {
        var faults = new RandomFaults(new Random(codes.Length), percent: 10 + codes.Length % 3 * 10);
        var lab = new Lab(faults: faults, closing: true);
        foreach (var code in codes)
        {
            ClusterChanges.Apply(lab.Cluster, code);
            lab.Step();
            lab.AssertSafe();
            if (code % 3 == 0) lab.Retire();
            lab.AssertSafe();
        }
        faults.Percent = 0;
        Assert.True(lab.Step().IsComplete);
        lab.AssertKernelIsTable();
        lab.Retire();
        lab.AssertNothingIsLeftOver();
        Assert.True(lab.Plan().IsEmpty);
    }
}
