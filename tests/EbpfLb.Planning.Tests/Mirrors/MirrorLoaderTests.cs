using EbpfLb.Abi;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Inspection;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Planning.Tests.Mirrors;

/// <summary>Restarts over tables that somebody damaged: the first plan heals, and never more than the damage.</summary>
public sealed class MirrorLoaderTests
{
    private readonly Lab lab = new();
    private readonly uint webId;
    private readonly SlotRange webSlots;
    private readonly uint[] webBackends;

    public MirrorLoaderTests()
    {
        lab.Cluster
            .Service("web", ["10.96.0.1", "fd00::1"], ["http:80"], affinity: 600)
            .Slice("web-1", "web", ["http:8080"], ["10.1.0.1", "10.1.0.2"])
            .Service("other", ["10.96.0.2"], ["http:80"])
            .Slice("other-1", "other", ["http:8080"], ["10.1.0.3"])
            .Service("lb", ["10.96.0.3"], ["http:80@30080"], balancerIPs: ["198.51.100.1"], sourceRanges: ["192.0.2.0/24"],
                outside: Model.TrafficPolicy.Local)
            .Slice("lb-1", "lb", ["http:8080"], ["10.1.0.5 node=node-2", "10.1.0.4 node=node-1"]);
        lab.Step();
        lab.Retire();
        var web = KernelReader.Frontends(lab.Kernel.Content).Single(f => f.Key.ToString() == "10.96.0.1:80/TCP");
        (webId, webSlots, webBackends) = (web.ServiceId, web.Slots, [.. web.Backends.Select(b => b.Id)]);
    }

    private void AssertHeals(params string[] touched)
    {
        lab.Restart();
        var plan = lab.Plan();
        Assert.Equal(touched.Order(), plan.Groups.Select(g => g.Service.Name).Order());
        Assert.True(lab.Step().IsComplete);
        lab.AssertKernelIsTable();
        lab.Retire();
        lab.AssertNothingIsLeftOver();
        Assert.True(lab.Plan().IsEmpty);
    }

    private static FrontendKey Key(string address) => FrontendKey.From(
        new Frontend(Model.IpAddress.Parse(address), 80, Model.TransportProtocol.Tcp));

    private LbService WebEntry => lab.Kernel.Services4.Entries[Key("10.96.0.1").ToFe4()];

    [Fact]
    public void Sound_tables_are_adopted_with_all_ids() => AssertHeals();

    [Fact]
    public void What_changed_while_away_is_planned_and_ids_of_the_rest_stay()
    {
        lab.Cluster.Slice("web-1", "web", ["http:8080"], ["10.1.0.2", "10.1.0.9"]).RemoveService("other");

        AssertHeals("web", $"(service id {OtherId()})");

        var web = KernelReader.Frontends(lab.Kernel.Content).Single(f => f.Key == Key("10.96.0.1"));
        Assert.Equal((webId, webBackends[1]), (web.ServiceId, web.Backends[0].Id));
    }

    private uint OtherId() => lab.Kernel.Services4.Entries[Key("10.96.0.2").ToFe4()].Id;

    [Fact]
    public void A_wrong_seal_is_written_again()
    {
        lab.Kernel.Services4.Update(Key("10.96.0.1").ToFe4(), WebEntry with { Seal = 1 });

        AssertHeals("web");
    }

    [Fact]
    public void A_slot_of_a_foreign_service_gets_a_new_list()
    {
        lab.Kernel.Slots.Elements[(int)webSlots.First].ServiceId = 40;

        AssertHeals("web");
    }

    [Fact]
    public void A_slot_with_an_impossible_backend_gets_a_new_list()
    {
        lab.Kernel.Slots.Elements[(int)webSlots.First].BackendId = uint.MaxValue;

        AssertHeals("web");
    }

    [Fact]
    public void A_cleared_backend_gets_a_new_list()
    {
        lab.Kernel.Backends.Elements[(int)webBackends[0]] = default;

        AssertHeals("web");
    }

    [Fact]
    public void A_backend_that_is_not_live_is_written_in_place()
    {
        lab.Kernel.Backends.Elements[(int)webBackends[0]].Flags = 0;
        lab.Restart();

        Assert.Equal($"1 backend {webBackends[0]} = 10.1.0.1:8080 of service {webId}  # default/web\n", lab.Plan().ToString());
        AssertHeals("web");
    }

    [Fact]
    public void A_range_outside_of_the_table_gets_a_new_list()
    {
        lab.Kernel.Services4.Update(
            Key("10.96.0.1").ToFe4(), WebEntry with { Cluster = new LbRange { First = uint.MaxValue, Count = uint.MaxValue } });

        AssertHeals("web");
    }

    [Fact]
    public void Two_services_with_one_id_are_told_apart()
    {
        var otherId = OtherId();
        lab.Kernel.Services4.Update(Key("10.96.0.2").ToFe4(), ServiceCodec.Sealed(Key("10.96.0.2"), WebEntry));

        AssertHeals("other", "web", $"(service id {otherId})");
    }

    [Fact]
    public void An_id_that_cannot_be_is_replaced()
    {
        lab.Kernel.Services4.Update(Key("10.96.0.1").ToFe4(), WebEntry with { Id = 1_000_000 });

        lab.Restart();
        lab.Step();
        lab.AssertKernelIsTable();
        lab.Retire();
        lab.AssertNothingIsLeftOver();
    }

    [Fact]
    public void A_foreign_frontend_is_deleted()
    {
        lab.Kernel.Services4.Update(Key("10.96.0.99").ToFe4(), WebEntry with { Id = 30 });

        AssertHeals("(service id 30)");
    }

    [Fact]
    public void Keys_that_are_no_frontends_are_deleted()
    {
        var padded = Key("10.96.0.1").ToFe4() with { Pad = 7 };
        lab.Kernel.Services4.Update(padded, WebEntry with { Id = 0 });
        var mapped = new byte[20];
        mapped[10] = mapped[11] = 0xff;
        lab.Kernel.Services6.Update(AbiBytes.From<LbFrontend6>(mapped), default);

        AssertHeals("(foreign entries)");
    }

    [Fact]
    public void A_backend_that_no_list_names_is_cleared()
    {
        lab.Kernel.Backends.Elements[100] = new LbBackend { ServiceId = webId, Flags = 1 };
        lab.Kernel.Backends.Elements[101] = new LbBackend { ServiceId = 50, Flags = 1 };
        lab.Kernel.Backends.Elements[102] = new LbBackend { ServiceId = 1_000_000, Flags = 1 };

        AssertHeals("web", "(service id 50)", "(foreign entries)");
    }

    private LbService BalancerEntry => lab.Kernel.Services4.Entries[Key("198.51.100.1").ToFe4()];

    [Fact]
    public void A_local_list_that_is_not_sound_is_written_again()
    {
        lab.Kernel.Slots.Elements[(int)BalancerEntry.Local.First].ServiceId = 40;

        AssertHeals("lb");
    }

    [Fact]
    public void A_mark_of_a_list_that_a_backend_is_not_in_is_taken_off()
    {
        var id = KernelReader.Backends(lab.Kernel.Content).Single(b => b.Address.ToString() == "10.1.0.5:8080").Id;
        lab.Kernel.Backends.Elements[(int)id].Flags |= (uint)LbBackendFlag.InLocal;

        AssertHeals("lb");

        Assert.Equal((uint)LbBackendFlag.InCluster, lab.Kernel.Backends.Elements[(int)id].Flags);
    }

    [Fact]
    public void A_missing_source_range_is_added_and_a_foreign_one_removed()
    {
        lab.Kernel.SourceRanges4.Delete(lab.Kernel.SourceRanges4.Entries.Keys.Single());
        lab.Kernel.SourceRanges4.Update(new LbSrcRange4 { PrefixLen = 32, ServiceId = BalancerEntry.Id }, 1);

        AssertHeals("lb");

        Assert.Equal(56u, lab.Kernel.SourceRanges4.Entries.Keys.Single().PrefixLen);
    }

    [Fact]
    public void Source_ranges_of_nobody_and_keys_that_are_no_ranges_are_removed()
    {
        lab.Kernel.SourceRanges4.Update(new LbSrcRange4 { PrefixLen = 40, ServiceId = 50 }, 1);
        lab.Kernel.SourceRanges4.Update(new LbSrcRange4 { PrefixLen = 8, ServiceId = webId }, 1);
        lab.Kernel.SourceRanges4.Update(new LbSrcRange4 { PrefixLen = 40, ServiceId = 1_000_000 }, 1);
        lab.Kernel.SourceRanges6.Update(new LbSrcRange6 { PrefixLen = 40, ServiceId = 51 }, 1);

        AssertHeals("(service id 50)", "(service id 51)", "(foreign entries)");
    }

    [Fact]
    public void Tables_full_of_noise_are_healed_too()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            var random = new Random(seed);
            Noise(random, System.Runtime.InteropServices.MemoryMarshal.AsBytes(lab.Kernel.Slots.Elements[..64]));
            Noise(random, System.Runtime.InteropServices.MemoryMarshal.AsBytes(lab.Kernel.Backends.Elements[..32]));
            foreach (var (key, value) in lab.Kernel.Services4.Entries.ToArray())
            {
                var entry = value;
                Noise(random, System.Runtime.InteropServices.MemoryMarshal.AsBytes(new Span<LbService>(ref entry)));
                lab.Kernel.Services4.Update(key, entry);
            }
            lab.Restart();
            Assert.True(lab.Step().IsComplete);
            lab.AssertKernelIsTable();
            lab.Retire();
            lab.AssertNothingIsLeftOver();
            Assert.True(lab.Plan().IsEmpty);
        }
    }

    private static void Noise(Random random, Span<byte> bytes)
    {
        for (var i = 0; i < 4; i++) bytes[random.Next(bytes.Length)] = (byte)random.Next(4);
    }
}
