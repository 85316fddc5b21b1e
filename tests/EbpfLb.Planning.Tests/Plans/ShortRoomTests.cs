using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Tables;
using EbpfLb.Planning.Verification;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Planning.Tests.Plans;

/// <summary>Who gets what there is, and what a change may still do, where tables are too small for all.</summary>
public sealed partial class ShortRoomTests
{
    /// <summary>Rows of a table of 251 places, and places of a row.</summary>
    private const int Rows = 16;

    // The canary takes 2 services, 2 backends, 8 slots and one frontend of each family.
    private static readonly TableLimits Room = new()
    {
        MaxServices = 64, MaxBackends = 64, MaxSlots = 128, MaxFrontends4 = 64, MaxFrontends6 = 64, MaxRanges4 = 8, MaxRanges6 = 1,
        MaxMaglevRows = Rows,
    };

    /// <summary>Places of the table that never fits: 512 KiB of ids.</summary>
    private const int NeverFits = 131071;

    [Theory]
    [InlineData("lb_backends")]
    [InlineData("lb_slots")]
    [InlineData("lb_maglev")]
    [InlineData("lb_services4")]
    [InlineData("lb_svc_stats")]
    [InlineData("lb_src_ranges4")]
    public void What_did_not_fit_goes_in_as_soon_as_there_is_room(string table)
    {
        var lab = new Lab(table switch
        {
            "lb_backends" => Room with { MaxBackends = 6 },
            "lb_slots" => Room with { MaxSlots = 12 },
            "lb_services4" => Room with { MaxFrontends4 = 2 },
            "lb_svc_stats" => Room with { MaxServices = 4 },
            "lb_src_ranges4" => Room with { MaxRanges4 = 1 },
            _ => Room,
        });
        var ranged = table == "lb_src_ranges4";
        foreach (var name in (string[])["a", "b"])
        {
            lab.Cluster.Service(name, [$"10.96.0.{(int)name[0]}"], [":80"], balancerIPs: ranged ? [$"10.96.9.{(int)name[0]}"] : null,
                sourceRanges: ranged ? ["192.0.2.0/24"] : null,
                scheduler: table == "lb_maglev" ? Scheduler.Maglev : Scheduler.Random, maglevTableSize: table == "lb_maglev" ? 251 : 0);
            lab.Cluster.Slice($"{name}-1", name, [":8080"], [.. Enumerable.Range(1, 3).Select(i => $"10.1.{(int)name[0]}.{i}")]);
        }
        for (var i = 0; i < 3; i++)
        {
            var left = Assert.Single(lab.Step().LeftOut);
            Assert.Equal(("b", table), (left.Service.Name, left.Table));
            lab.Retire();
        }

        lab.Cluster.RemoveService("a");
        lab.Step();
        lab.Retire();

        Assert.True(lab.Step().IsComplete);
        lab.AssertSafe();
        Assert.Equal(5, lab.Mirror.BackendsInUse);
        Assert.Equal(1, lab.Lines().Count(l => l.StartsWith("10.96.0.98:80/TCP -> 10.1.98.", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_left_out_Service_that_changes_is_looked_at_again()
    {
        var lab = new Lab(Room with { MaxBackends = 6 });
        Put(lab, "a", 5);
        Assert.Single(lab.Step().LeftOut);

        Put(lab, "a", 3);

        Assert.True(lab.Step().IsComplete);
        lab.AssertKernelIsTable();
    }

    [Fact]
    public void Where_not_all_fit_the_API_server_and_the_system_come_first_and_small_ones_before_large_ones()
    {
        var lab = new Lab(Room with { MaxBackends = 17 });
        Put(lab, "aaa/large", 9);
        Put(lab, "aaa/larger", 10);
        Put(lab, "bbb/small", 1);
        Put(lab, "kube-system/kube-dns", 6);
        Put(lab, "default/kubernetes", 5);
        Put(lab, "zzz/small", 1);

        var result = lab.Step();

        Assert.Equal(["aaa/large", "aaa/larger"], result.LeftOut.Select(d => d.Service.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal(4, lab.Lines().Length);
    }

    /// <summary>Else a new one would keep it at an endpoint that is gone.</summary>
    [Fact]
    public void A_Service_of_the_tables_that_changes_comes_before_smaller_new_ones()
    {
        var lab = new Lab(Room with { MaxBackends = 14 });
        Put(lab, "zzz", 10);
        Assert.True(lab.Step().IsComplete);

        lab.Cluster.Slice("zzz-1", "zzz", [":8080"], [.. Enumerable.Range(2, 10).Select(i => $"10.3.{"zzz".Sum(c => c) % 250}.{i}")]);
        Put(lab, "aaa", 1);

        Assert.Equal(["aaa"], lab.Step().LeftOut.Select(d => d.Service.Name));
    }

    /// <summary>With more Services than one step of the first plan has.</summary>
    [Fact]
    public void Also_where_the_first_plan_would_go_in_steps()
    {
        var lab = new Lab(Room with { MaxServices = 8192, MaxBackends = 4096, MaxSlots = 32_768, MaxFrontends4 = 8192 });
        for (var i = 0; i < Planner.StepSize + 10; i++)
        {
            lab.Cluster.Service($"aaa/s{i:d4}", [$"10.{96 + (i / 62500)}.{i / 250}.{i % 250}"], [":80"])
                .Slice($"aaa/s{i:d4}-1", $"s{i:d4}", [":8080"], [$"10.1.{i / 250}.{i % 250}"]);
        }
        Put(lab, "kube-system/kube-dns", 2);
        var table = lab.Compile();

        foreach (var step in Planner.Steps(table, lab.Mirror)) lab.Applier.Apply(Planner.Plan(step, lab.Mirror));

        Assert.Contains(lab.Lines(), l => l.StartsWith($"{Address("kube-system/kube-dns")}:80/TCP -> 10.", StringComparison.Ordinal));
        Assert.InRange(lab.Mirror.UnfinishedServices, 1, 100);
    }

    [Fact]
    public void Wide_ranges_give_way_to_narrow_ones_in_a_full_table()
    {
        var lab = new Lab(Room with { MaxRanges4 = 2 });
        Balancer(lab, ["10.0.0.0/8", "192.0.0.0/8"]);
        lab.Step();

        Balancer(lab, ["10.1.2.0/24", "192.0.2.0/24"]);

        Assert.True(lab.Step().IsComplete);
        Assert.Contains("10.96.9.1:80/TCP LoadBalancer -> 10.1.0.1:8080 from 10.1.2.0/24 192.0.2.0/24", lab.Lines());
        lab.AssertNothingIsLeftOver();
    }

    /// <summary>Who was let in by nothing but the lack of ranges is refused, though there is no room to let others in.</summary>
    [Fact]
    public void A_Service_whose_first_ranges_find_no_room_is_not_open_to_all()
    {
        var lab = new Lab(Room with { MaxRanges4 = 2 });
        Balancer(lab, []);
        lab.Cluster.Service("other", ["10.96.0.9"], [":80"], balancerIPs: ["10.96.9.9"], sourceRanges: ["198.51.100.0/24"]);
        lab.Step();
        Assert.Contains("10.96.9.1:80/TCP LoadBalancer -> 10.1.0.1:8080", lab.Lines());

        Balancer(lab, ["192.0.2.0/24", "203.0.113.0/24"]);
        for (var i = 0; i < 3; i++)
        {
            var left = Assert.Single(lab.Step().LeftOut);
            Assert.Equal(("balancer", "lb_src_ranges4"), (left.Service.Name, left.Table));
            Assert.Contains("let in nobody whom its new source ranges do not", left.Message);
            lab.Retire();

            // As many as there is room for.
            Assert.Contains("10.96.9.1:80/TCP LoadBalancer -> 10.1.0.1:8080 from 192.0.2.0/24", lab.Lines());
            Assert.Contains("10.96.0.1:80/TCP -> 10.1.0.1:8080", lab.Lines());
            lab.AssertSafe();
            lab.AssertNothingIsLeftOver();
        }

        lab.Cluster.RemoveService("other");
        lab.Step();
        lab.Retire();
        Assert.True(lab.Step().IsComplete);
        lab.AssertKernelIsTable();
    }

    /// <summary>The lists find no room, the ranges would.</summary>
    [Fact]
    public void A_Service_that_does_not_fit_for_another_reason_is_narrowed_all_the_same()
    {
        var lab = new Lab(Room with { MaxBackends = 5 });
        Balancer(lab, ["10.0.0.0/8"]);
        lab.Step();

        Balancer(lab, ["10.1.2.0/24"], endpoints: 8);

        Assert.Equal("lb_backends", Assert.Single(lab.Step().LeftOut).Table);
        Assert.Contains("10.96.9.1:80/TCP LoadBalancer -> 10.1.0.1:8080 from 10.1.2.0/24", lab.Lines());
        lab.Retire();
        lab.AssertNothingIsLeftOver();
        Balancer(lab, ["10.1.2.0/24"], endpoints: 2);
        Assert.True(lab.Step().IsComplete);
        lab.Retire();
        lab.AssertKernelIsTable();
        lab.AssertNothingIsLeftOver();
    }

    /// <summary>At no moment somebody is let in whom neither the old nor the new ranges let in.</summary>
    [Fact]
    public void Narrowing_in_a_full_table_never_opens()
    {
        Lab lab = null!;
        var hook = new Hook();
        List<string> seen = [];
        lab = new Lab(Room with { MaxRanges4 = 1 }, hook);
        Balancer(lab, ["10.0.0.0/8"]);
        lab.Step();
        hook.Before = (_, _) =>
        {
            seen.AddRange(lab.Lines().Where(l => l.Contains("LoadBalancer", StringComparison.Ordinal)));
            return TableError.None;
        };

        Balancer(lab, ["10.1.2.0/24"]);
        lab.Step();
        hook.Before = (_, _) => TableError.None;

        const string Begin = "10.96.9.1:80/TCP LoadBalancer -> 10.1.0.1:8080 from ";
        Assert.NotEmpty(seen);
        Assert.All(seen, l => Assert.StartsWith(Begin, l, StringComparison.Ordinal));
        Assert.Equal(Begin + "10.1.2.0/24", lab.Lines().Single(l => l.Contains("LoadBalancer", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(new[] { 1, 2, 3 }, new[] { 1, 3 })]
    [InlineData(new[] { 1, 2, 3 }, new[] { 3 })]
    [InlineData(new[] { 1, 2 }, new[] { 1, 2, 3 })]
    [InlineData(new[] { 1, 2 }, new[] { 3, 4 })]
    public void A_Maglev_table_is_written_in_place_where_there_is_no_room_beside_it(int[] before, int[] after)
    {
        var lab = new Lab(Room);
        Table(lab, before);
        Assert.True(lab.Step().IsComplete);
        Table(lab, after);

        Assert.True(lab.Step().IsComplete);
        AssertPlaces(lab, after);
        lab.Retire();

        AssertPlaces(lab, after);
        Assert.Equal(after.Length + 2, lab.Mirror.BackendsInUse);
        lab.Restart();
        Assert.True(lab.Plan().IsEmpty);
    }

    [Fact]
    public void The_last_endpoint_leaves_a_full_Maglev_table()
    {
        var lab = new Lab(Room);
        Table(lab, [1]);
        lab.Step();
        Table(lab, []);

        Assert.True(lab.Step().IsComplete);
        lab.AssertKernelIsTable();
    }

    /// <summary>Each place has its old or its new backend: whatever is torn, nothing leads nowhere.</summary>
    [Fact]
    public void A_crash_while_a_table_is_written_in_place_heals()
    {
        var failed = 0;
        for (var last = 0; last < 12; last++)
        {
            var hook = new Hook();
            var lab = new Lab(Room, hook);
            Table(lab, [1, 2, 3]);
            lab.Step();
            Table(lab, [1, 4]);
            var end = hook.Count + last;
            hook.Before = (_, _) => hook.Count > end ? TableError.NoMemory : TableError.None;
            if (!lab.Step().IsComplete) failed++;
            lab.AssertSafe();
            hook.Before = (_, _) => TableError.None;
            if (last % 2 == 0) lab.Restart();

            Assert.True(lab.Step().IsComplete);
            lab.Retire();
            AssertPlaces(lab, [1, 4]);
            Assert.Equal(4, lab.Mirror.BackendsInUse);
        }
        Assert.InRange(failed, 1, 11);
    }

    [Fact]
    public void A_damaged_Maglev_table_is_repaired_in_its_place_where_there_is_no_room_beside_it()
    {
        var lab = new Lab(Room);
        Table(lab, [1, 2, 3]);
        lab.Step();
        var first = lab.Kernel.Services4.Entries.Values.Single(e => ServiceCodec.SchedulerOf(e) == Scheduler.Maglev).Cluster.First;
        var row = lab.Kernel.Tables.Maglev.Read(first);
        row.BackendIds[3] = row.BackendIds[0] == row.BackendIds[3] ? row.BackendIds[5] : row.BackendIds[0];
        lab.Kernel.Tables.Maglev.Write(first, [row]);
        var verification = new TableVerification(lab.Kernel.Tables, lab.Mirror);
        _ = verification.Scan().Count();
        Assert.NotEmpty(verification.Confirm(adopt: true));

        Assert.True(lab.Step().IsComplete);
        AssertPlaces(lab, [1, 2, 3]);
        Assert.Empty(lab.Plan().Diagnostics);
    }

    [Fact]
    public void A_list_that_becomes_shorter_may_use_what_is_kept_free_for_moving()
    {
        // A 64th is kept free: 8 slots. The canary has 8, and the list all others but for what is too little for the next one.
        var lab = new Lab(Room with { MaxBackends = 1024, MaxSlots = 512, MaxServices = 256, MaxFrontends4 = 256 });
        for (var i = 0; i < 62; i++) Put(lab, $"s{i:d2}", 8, i + 1);
        lab.Step();
        Assert.InRange(lab.Mirror.SlotsInUse, 496, 504);

        Put(lab, "s00", 7, 1);

        Assert.DoesNotContain(lab.Step().LeftOut, d => d.Service.Name == "s00");
        lab.Retire();
        Assert.Contains(lab.Lines(), l => l.StartsWith("10.97.0.1:80", StringComparison.Ordinal) && l.Split(' ').Length == 9);
    }

    /// <summary>The table has the backends that one has which is made where there is room, place by place.</summary>
    private static void AssertPlaces(Lab lab, int[] endpoints)
    {
        var other = new Lab(Room with { MaxMaglevRows = 100 * Rows });
        Table(other, endpoints);
        other.Step();
        lab.AssertSafe();
        Assert.Equal(Places(other), Places(lab));
    }

    private static BackendAddress[] Places(Lab lab)
    {
        var service = lab.Kernel.Services4.Entries.Values.Single(e => ServiceCodec.SchedulerOf(e) == Scheduler.Maglev);
        return [.. Enumerable.Range(0, (int)service.Cluster.Count).Select(place => BackendCodec.Address(lab.Kernel.Tables.Backends.Read(
            lab.Kernel.Tables.Maglev.Read(service.Cluster.First + (uint)(place / Rows)).BackendIds[place % Rows])))];
    }

    private static string Address(string name) => $"10.97.{name.Sum(c => c) % 250}.{name.Length}";

    private static void Put(Lab lab, string name, int endpoints, int? number = null)
    {
        var address = number is { } n ? $"10.97.0.{n}" : Address(name);
        var part = number ?? (name.Sum(c => c) % 250);
        lab.Cluster.Service(name, [address], [":80"])
            .Slice($"{name}-1", name[(name.IndexOf('/') + 1)..], [":8080"], [.. Enumerable.Range(1, endpoints).Select(i
                => $"10.{name.Length}.{part}.{i}")]);
    }

    private static void Table(Lab lab, int[] endpoints) => lab.Cluster
        .Service("t", ["10.96.0.1"], [":80"], scheduler: Scheduler.Maglev, maglevTableSize: 251)
        .Slice("t-1", "t", [":8080"], [.. endpoints.Select(e => $"10.1.0.{e}")], IpFamily.IPv4);

    private static void Balancer(Lab lab, string[] ranges, int endpoints = 1) => lab.Cluster
        .Service("balancer", ["10.96.0.1"], [":80"], balancerIPs: ["10.96.9.1"], sourceRanges: ranges)
        .Slice("balancer-1", "balancer", [":8080"], [.. Enumerable.Range(1, endpoints).Select(i => $"10.1.0.{i}")]);
}
