using EbpfLb.Abi;
using EbpfLb.Planning.Encoding;
using static EbpfLb.Datapath.Tests.Select.SelectProgram;

namespace EbpfLb.Datapath.Tests.Select;

/// <summary>
/// Who can make many clients of one service makes no other service forget: seats for 512 clients, and thousands that want one.
/// </summary>
public sealed class ShareTests : IDisposable
{
    private const uint Backends = 4;
    private const int Many = 10_000;
    private const int Seats = 512;
    private readonly SelectProgram program = new();

    public ShareTests()
    {
        for (var service = 1u; service <= 3; service++) Publish(service);
    }

    public void Dispose() => program.Dispose();

    [Fact]
    public void Clients_without_number_of_one_service_push_out_only_its_own()
    {
        var quiet = Enumerable.Range(0, 60).Select(i => (Client: $"10.1.0.{i}", Backend: Ask(1, $"10.1.0.{i}"))).ToArray();

        for (var i = 0; i < Many; i++) Ask(2, $"10.2.{i / 250}.{i % 250}");

        // Before they ask again: who was forgotten would be remembered anew.
        Assert.Equal(60, ClientsOf(1));
        Assert.Equal(quiet, quiet.Select(q => (q.Client, Ask(1, q.Client))));
        Assert.InRange(ClientsOf(2), Seats * 3 / 4 - 60, Seats - 60);
    }

    [Fact]
    public void A_service_that_comes_later_gets_its_share_of_what_another_has_filled()
    {
        for (var i = 0; i < Many; i++) Ask(1, $"10.1.{i / 250}.{i % 250}");

        for (var i = 0; i < Many; i++) Ask(2, $"10.2.{i / 250}.{i % 250}");

        Assert.Equal((Seats / 2, Seats / 2), (ClientsOf(1), ClientsOf(2)));
        var late = Ask(3, "10.3.0.1");
        for (var i = 0; i < Many; i++) Ask(2, $"10.4.{i / 250}.{i % 250}");
        Assert.Equal(1, ClientsOf(3));
        Assert.Equal(late, Ask(3, "10.3.0.1"));
    }

    [Fact]
    public void Within_a_service_the_client_that_connected_longest_ago_goes()
    {
        Ask(1, "10.9.0.1");
        for (var i = 0; i < Many; i++)
        {
            Ask(1, $"10.1.{i / 250}.{i % 250}");
            if (i % 20 == 0) Later("10.9.0.1");
        }

        Assert.Contains(program.Affinity.Keys(), key => key.Client.Equals(Key(1, "10.9.0.1").Client));
    }

    [Fact]
    public void The_seat_of_a_client_that_was_forgotten_is_free()
    {
        for (var i = 0; i < Many; i++) Ask(1, $"10.1.{i / 250}.{i % 250}");
        foreach (var key in program.Affinity.Keys().ToList()) program.Affinity.TryDelete(key);

        for (var i = 0; i < Many; i++) Ask(2, $"10.2.{i / 250}.{i % 250}");

        Assert.Equal(Seats, ClientsOf(2));
    }

    /// <summary>As if it had connected some time from now.</summary>
    private void Later(string client)
    {
        var key = Key(1, client);
        Assert.True(program.Affinity.TryLookup(key, out var value));
        program.Affinity.Update(key, value with { UsedNs = value.UsedNs + 1_000_000_000 });
    }

    private int ClientsOf(uint service) => program.Affinity.Keys().Count(key => key.ServiceId == service);

    private static LbAffKey Key(uint service, string client) =>
        new()
        {
            Client = U32x4.FromBytes(AbiBytes.Of(Address(client, 0).Addr).ToArray()), ServiceId = service, Kind = (uint)LbClientKind.Addr,
        };

    /// <summary>Returns the backend; another one for each client while none is remembered.</summary>
    private uint Ask(uint service, string client)
    {
        var answer = program.Ask(new Question
        {
            Destination = Frontend(service), Dice = (uint)client.GetHashCode(StringComparison.Ordinal), Netns = 1,
            Source = Address(client, 0).Addr,
        });
        Assert.Equal((Verdict.Forward, service), (answer.Verdict, answer.ServiceId));
        return answer.BackendId;
    }

    private static LbAddr Frontend(uint service) => Address($"10.96.0.{service}", 80);

    private void Publish(uint service)
    {
        var first = service * Backends;
        for (var i = 0u; i < Backends; i++)
        {
            program.Backends.Update(first + i, new LbBackend
            {
                Addr = Address("10.244.0.1", 0).Addr, Port = Be16.FromHost(8080), Proto = 6, Family = 4, ServiceId = service,
                Flags = (uint)LbBackendFlag.InCluster,
            });
            program.Slots.Update(first + i, new LbSlot { BackendId = first + i, ServiceId = service });
        }
        var key = new LbFrontend4 { Addr = Frontend(service).Addr[3], Port = Frontend(service).Port, Proto = 6 };
        var value = new LbService
        {
            Id = service, Flags = (uint)LbServiceFlag.Affinity, AffinitySec = 600,
            Cluster = new LbRange { First = first, Count = Backends },
        };
        program.Services4.Update(key, ServiceCodec.Sealed(FrontendKey.From(key), value));
    }
}
