using EbpfLb.Planning.Inspection;
using EbpfLb.Testing.Clusters;
using FsCheck;
using FsCheck.Fluent;

namespace EbpfLb.Planning.Tests.Plans;

/// <summary>Few ids, which histories use up many times over.</summary>
public sealed class IdsComeRoundTests
{
    private static readonly TableLimits Few = Lab.Small with { MaxServices = 48, MaxBackends = 96 };

    [Fact]
    public void Tables_are_right_and_no_id_has_two_owners_when_ids_come_round() => Prop.ForAll(Histories.Any, codes =>
    {
        var lab = new Lab(Few);
        HashSet<uint> waiting = [];
        // One history after the other in the same tables.
        for (var round = 0; round < 6; round++)
        {
            foreach (var code in codes)
            {
                ClusterChanges.Apply(lab.Cluster, code + round);
                var before = Ids(lab);
                var plan = lab.Plan();
                Assert.All(plan.BackendWrites.Where(w => w.Before is null), w
                    => Assert.False(waiting.Contains(w.Id) || before.Contains(w.Id), $"backend id {w.Id} is in use or waits"));
                lab.Step();
                waiting.UnionWith(before.Except(Listed(lab)));
                if (lab.Mirror.UnfinishedServices == 0) lab.AssertKernelIsTable();
                lab.AssertSafe();
                if (code % 3 != 0) continue;
                lab.Retire();
                waiting.Clear();
            }
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(12).WithEndSize(40));

    [Fact]
    public void What_does_not_fit_uses_up_no_ids_however_often_it_is_tried()
    {
        var lab = new Lab(Few with { MaxSlots = 64 });
        lab.Cluster.Service("large", ["10.96.0.1"], [":80"]).Slice("large-1", "large", [":8080"],
            [.. Enumerable.Range(1, 60).Select(i => $"10.1.0.{i}")]);
        for (var round = 0; round < 10; round++) Assert.Single(lab.Step().LeftOut);

        lab.Cluster.Service("small", ["10.96.0.2"], [":80"]).Slice("small-1", "small", [":8080"], ["10.1.1.1"]);
        lab.Step();

        // Behind those of the canary.
        Assert.Equal(3u, Assert.Single(KernelReader.Backends(lab.Kernel.Content), b => b.Address.Port == 8080).Id);
    }

    private static HashSet<uint> Ids(Lab lab) => [.. KernelReader.Backends(lab.Kernel.Content).Select(b => b.Id)];

    private static HashSet<uint> Listed(Lab lab) => [.. KernelReader.Frontends(lab.Kernel.Content)
        .SelectMany(f => f.Backends.Concat(f.LocalBackends)).Select(b => b.Id)];
}
