using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Inspection;
using EbpfLb.Planning.Verification;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using FsCheck;
using FsCheck.Fluent;

namespace EbpfLb.Planning.Tests.Verification;

/// <summary>Somebody writes into the maps under the eyes of an agent.</summary>
public sealed class TableVerificationTests
{
    private static readonly Config Rounds = Config.QuickThrowOnFailure.WithMaxTest(200).WithEndSize(30);

    private readonly Lab lab = new();

    public TableVerificationTests()
    {
        Fill(lab.Cluster);
        lab.Step();
        lab.Retire();
    }

    [Fact]
    public void Without_damage_nothing_differs_and_everything_was_looked_at()
    {
        var verification = Scanned(lab);

        Assert.Empty(verification.Confirm(adopt: true));
        var compared = verification.Compared.ToDictionary(c => c.What, c => c.Elements);
        Assert.Equal(lab.Table!.Count, compared["services"]);
        Assert.Equal(lab.Kernel.Services4.Entries.Count, compared["lb_services4"]);
        Assert.Equal(lab.Kernel.Services6.Entries.Count, compared["lb_services6"]);
        Assert.Equal(KernelReader.Backends(lab.Kernel.Content).Length, compared["lb_backends"]);
        Assert.Equal((1, 1), (compared["lb_src_ranges4"], compared["lb_src_ranges6"]));
        Assert.True(compared["lb_slots"] >= 5, $"{compared["lb_slots"]} slots");
        Assert.True(lab.Plan().IsEmpty);
    }

    [Fact]
    public void A_deleted_frontend_is_named_and_comes_back()
    {
        lab.Kernel.Services4.Delete(Key("10.96.0.1").ToFe4());

        var difference = Assert.Single(Heal());

        Assert.Equal((VerifyStage.Kernel, "lb_services4 10.96.0.1:80/TCP", Difference.Whole, Difference.None),
            (difference.Stage, difference.Object, difference.Field, difference.Found));
        Assert.Contains("affinity_sec=600", difference.Expected);
    }

    [Fact]
    public void A_changed_frontend_is_told_field_by_field()
    {
        lab.Kernel.Services4.Update(Key("10.96.0.1").ToFe4(), WebEntry with { AffinitySec = 7, Flags = 0 });

        var difference = Assert.Single(Heal());

        Assert.Equal(("flags,affinity_sec", "1,600", "0,7"), (difference.Field, difference.Expected, difference.Found));
    }

    [Fact]
    public void A_frontend_that_nobody_asked_for_goes_also_when_its_id_is_free_or_of_another()
    {
        lab.Kernel.Services4.Update(Key("10.96.0.98").ToFe4(), ServiceCodec.Sealed(Key("10.96.0.98"), WebEntry));
        lab.Kernel.Services4.Update(Key("10.96.0.99").ToFe4(), ServiceCodec.Sealed(Key("10.96.0.99"), WebEntry with { Id = 99 }));
        lab.Kernel.Services6.Update(Key("fd00::99").ToFe6(), WebEntry with { Id = 1_000_000 });

        Assert.Equal(3, Heal().Count(d => d.Expected == Difference.None));
    }

    [Fact]
    public void An_entry_with_the_id_of_another_service_is_repaired_and_the_other_stays()
    {
        var other = lab.Kernel.Services4.Entries[Key("10.96.0.2").ToFe4()];
        lab.Kernel.Services4.Update(Key("10.96.0.1").ToFe4(), ServiceCodec.Sealed(Key("10.96.0.1"), other));

        Assert.Single(Heal());
    }

    [Fact]
    public void A_changed_slot_leads_to_a_new_list_of_the_same_backends()
    {
        var before = Web;
        lab.Kernel.Slots.Elements[(int)before.Slots.First].BackendId = 77;

        var difference = Assert.Single(Heal());

        Assert.StartsWith($"lb_slots {before.Slots.First} of default/web:http", difference.Object);
        Assert.Equal(("backend_id", $"{before.Backends[0].Id}", "77"), (difference.Field, difference.Expected, difference.Found));
        Assert.NotEqual(before.Slots, Web.Slots);
        Assert.Equal(before.Backends.Select(b => b.Id), Web.Backends.Select(b => b.Id));
    }

    [Fact]
    public void A_cleared_backend_is_written_again_in_its_place()
    {
        var before = Web;
        lab.Kernel.Backends.Elements[(int)before.Backends[0].Id] = default;

        Assert.Single(Heal());

        Assert.Equal(before.Slots, Web.Slots);
        Assert.Equal(before.Backends, Web.Backends);
    }

    [Fact]
    public void A_backend_that_points_elsewhere_is_written_again()
    {
        lab.Kernel.Backends.Elements[(int)Web.Backends[1].Id].Port = Be16.FromHost(4711);

        Assert.Equal("port", Assert.Single(Heal()).Field);
    }

    [Fact]
    public void A_backend_that_nobody_listed_is_cleared()
    {
        lab.Kernel.Backends.Elements[500] = lab.Kernel.Backends.Elements[(int)Web.Backends[0].Id];
        lab.Kernel.Backends.Elements[501] = lab.Kernel.Backends.Elements[500] with { ServiceId = 1_000_000 };

        Assert.Equal(["lb_backends 500", "lb_backends 501"], Heal().Select(d => d.Object));
    }

    [Fact]
    public void Source_ranges_come_back_and_strangers_go()
    {
        var id = lab.Kernel.SourceRanges4.Entries.Keys.Single().ServiceId;
        lab.Kernel.SourceRanges4.Delete(lab.Kernel.SourceRanges4.Entries.Keys.Single());
        foreach (var service in new[] { id, 99u, 1_000_000u })
            lab.Kernel.SourceRanges4.Update(new SourceKey(service, SourceRange.Parse("203.0.113.0/24")).ToKey4(), 1);

        var differences = Heal();

        Assert.Equal(1, differences.Count(d => d.Found == Difference.None));
        Assert.Equal(3, differences.Count(d => d.Expected == Difference.None));
    }

    [Fact]
    public void All_maps_emptied_at_once_are_filled_again()
    {
        foreach (var key in lab.Kernel.Services4.Entries.Keys.ToArray()) lab.Kernel.Services4.Delete(key);
        foreach (var key in lab.Kernel.Services6.Entries.Keys.ToArray()) lab.Kernel.Services6.Delete(key);
        lab.Kernel.Slots.Elements.Clear();
        lab.Kernel.Backends.Elements.Clear();

        Assert.NotEmpty(Heal());
    }

    [Fact]
    public void Just_looking_changes_neither_maps_nor_plans()
    {
        lab.Kernel.Services4.Delete(Key("10.96.0.1").ToFe4());

        Assert.Single(Scanned(lab).Confirm(adopt: false));

        Assert.True(lab.Plan().IsEmpty);
        Assert.Single(Scanned(lab).Confirm(adopt: false));
    }

    [Fact]
    public void What_waits_for_its_grace_period_is_no_difference()
    {
        lab.Cluster.RemoveService("web").RemoveService("lb").Slice("other-1", "other", ["http:8080"], ["10.1.0.9"]);
        lab.Step();

        Assert.Empty(Scanned(lab).Confirm(adopt: true));
        lab.Retire();
        Assert.Empty(Scanned(lab).Confirm(adopt: true));
    }

    [Fact]
    public void What_changes_between_looking_and_confirming_is_no_difference()
    {
        var verification = new TableVerification(lab.Kernel.Tables, lab.Mirror);
        var step = 0;
        foreach (var _ in verification.Scan())
        {
            lab.Cluster.Service($"new{step}", [$"10.96.1.{++step}"], ["http:80"]).Slice("web-1", "web", ["http:8080"], [$"10.1.0.{step}"]);
            lab.Step();
        }

        Assert.True(step > 5, $"{step} steps");
        Assert.Empty(verification.Confirm(adopt: true));
    }

    /// <summary>The mirror is told a lie, as a fault of ours would.</summary>
    [Fact]
    public void A_mirror_that_differs_from_the_table_is_planned_again()
    {
        var key = Key("10.96.0.2");
        Assert.True(lab.Mirror.TryGetEntry(key, out var entry));
        lab.Mirror.SetEntry(key, entry with { AffinitySec = 5 });
        var verification = Scanned(lab);

        var differences = verification.Confirm(adopt: true);

        Assert.Contains(differences, d => d is { Stage: VerifyStage.Mirror, Field: "affinity_sec", Expected: "0", Found: "5" });
        lab.Step();
        Assert.Empty(Scanned(lab).Confirm(adopt: false));
    }

    [Fact]
    public void Any_damage_heals() => Prop.ForAll(Histories.Any, DamageAndHeal).Check(Rounds);

    [Theory]
    [InlineData(480536, 330140, 616240)]
    [InlineData(928899, 360077, 111224)]
    [InlineData(754786, 780384, 63535, 823609)]
    public void Any_damage_heals_in_a_history_that_once_failed(params int[] codes) => DamageAndHeal(codes);

    private KernelFrontend Web => KernelReader.Frontends(lab.Kernel.Content).Single(f => f.Key == Key("10.96.0.1"));

    private LbService WebEntry => lab.Kernel.Services4.Entries[Key("10.96.0.1").ToFe4()];

    /// <summary>Looks, has the differences planned and applied, and finds none any more.</summary>
    private IReadOnlyList<Difference> Heal()
    {
        var verification = Scanned(lab);
        var differences = verification.Confirm(adopt: true);
        Assert.True(lab.Step().IsComplete);
        Assert.Empty(verification.Confirm(adopt: false));
        lab.AssertKernelIsTable();
        lab.Retire();
        lab.AssertNothingIsLeftOver();
        Assert.Empty(Scanned(lab).Confirm(adopt: false));
        Assert.True(lab.Plan().IsEmpty);
        return differences;
    }

    private static TableVerification Scanned(Lab lab)
    {
        var verification = new TableVerification(lab.Kernel.Tables, lab.Mirror);
        foreach (var _ in verification.Scan())
        {
            // The walk is what matters.
        }
        return verification;
    }

    private static void Fill(ClusterBuilder cluster) => cluster
        .Service("web", ["10.96.0.1", "fd00::1"], ["http:80"], affinity: 600)
        .Slice("web-1", "web", ["http:8080"], ["10.1.0.1", "10.1.0.2"])
        .Service("other", ["10.96.0.2"], ["http:80"])
        .Slice("other-1", "other", ["http:8080"], ["10.1.0.3"])
        .Service("lb", ["10.96.0.3", "fd00::3"], ["http:80@30080"], balancerIPs: ["198.51.100.1", "2001:db8::1"],
            sourceRanges: ["192.0.2.0/24", "2001:db8:1::/48"], outside: TrafficPolicy.Local)
        .Slice("lb-1", "lb", ["http:8080"], ["10.1.0.5 node=node-2", "10.1.0.4 node=node-1"]);

    private static FrontendKey Key(string address) => FrontendKey.From(new Frontend(IpAddress.Parse(address), 80, TransportProtocol.Tcp));

    private static void DamageAndHeal(int[] codes)
    {
        var mine = new Lab();
        Fill(mine.Cluster);
        foreach (var code in codes)
        {
            ClusterChanges.Apply(mine.Cluster, code);
            mine.Step();
            if (code % 3 == 0) mine.Retire();
            Damage.Do(mine.Kernel, new System.Random(code));
        }
        // Twice: what names an id that waits for its grace period is left alone until that is over.
        for (var round = 0; round < 2; round++)
        {
            Scanned(mine).Confirm(adopt: true);
            Assert.True(mine.Step().IsComplete);
            mine.AssertKernelIsTable();
            Assert.Empty(Scanned(mine).Confirm(adopt: false));
            mine.Retire();
        }
        Assert.Empty(Scanned(mine).Confirm(adopt: false));
        mine.AssertNothingIsLeftOver();
    }
}
