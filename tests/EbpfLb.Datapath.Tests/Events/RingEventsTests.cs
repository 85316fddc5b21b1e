using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests.Events;

/// <summary>The real ring buffer, written by bpf/unit/event.unit.bpf.c.</summary>
public sealed class RingEventsTests : IDisposable
{
    private const int EthernetBytes = 16;
    private readonly BpfObject bpf;
    private readonly BpfProgram program;
    private readonly RingEvents source;

    public RingEventsTests()
    {
        bpf = BpfObject.Open(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "unit", "event.unit.bpf.o")));
        bpf.Load();
        program = bpf.OpenProgram("unit_event");
        source = new RingEvents(new RingBuffer(bpf.OpenMap(Abi.Tables.Events.Name)));
    }

    public void Dispose()
    {
        source.Dispose();
        program.Dispose();
        bpf.Dispose();
    }

    [Theory]
    [InlineData("192.0.2.1", "10.96.0.1")]
    [InlineData("2001:db8::1", "fd00::1")]
    public void A_record_of_a_program_arrives_with_all_it_says(string client, string frontend)
    {
        var clock = new FlowClock(TimeProvider.System);
        var record = new LbEvent
        {
            TimeNs = (ulong)TimeProvider.System.GetTimestamp(), Sport = Be16.FromHost(40000), Dport = Be16.FromHost(80), Proto = 6,
            Reason = (ushort)LbReason.DropSnatPorts, Ifindex = 3, Len = 60, ServiceId = 7,
        };
        IpAddress.Parse(client).WriteBytes(MemoryMarshal.AsBytes(new Span<Be32x4>(ref record.Src)));
        IpAddress.Parse(frontend).WriteBytes(MemoryMarshal.AsBytes(new Span<Be32x4>(ref record.Dst)));
        Assert.Equal(0u, Write(record));

        var drop = DropEvent.Of(Assert.Single(Read()), clock);

        Assert.Equal((IpAddress.Parse(client), 40000), (drop.Source.Address, drop.Source.Port));
        Assert.Equal((IpAddress.Parse(frontend), 80), (drop.Destination.Address, drop.Destination.Port));
        Assert.Equal((LbReason.DropSnatPorts, 6, 3u, 60u, 7u), (drop.Reason, drop.Protocol, drop.Device, drop.Length, drop.ServiceId));
        Assert.InRange(drop.Time, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
    }

    [Fact]
    public void A_full_ring_loses_what_is_new_and_works_again_when_it_was_read()
    {
        var written = 0;
        while (Write(new LbEvent { Len = (uint)written }) == 0) written++;
        Assert.Equal(written, Read().Count);
        Assert.Equal(0u, Write(new LbEvent { Len = 99 }));
        Assert.Equal(99u, Assert.Single(Read()).Len);
    }

    [Fact]
    public void Nothing_to_read_is_no_record_and_waiting_can_be_cancelled()
    {
        Assert.Empty(Read());
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => source.Read(TimeSpan.FromMinutes(10), _ => { }, cancelled.Token));
    }

    private List<LbEvent> Read()
    {
        List<LbEvent> records = [];
        source.Read(TimeSpan.Zero, records.Add, TestContext.Current.CancellationToken);
        return records;
    }

    private uint Write(LbEvent record)
    {
        var packet = new byte[EthernetBytes + AbiBytes.Of(record).Length];
        AbiBytes.Of(record).CopyTo(packet.AsSpan(EthernetBytes));
        return program.TestRun(new TestRunRequest { Data = packet }).ReturnValue;
    }
}
