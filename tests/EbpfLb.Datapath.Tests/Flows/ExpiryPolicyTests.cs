using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;
using EbpfLb.Testing;

namespace EbpfLb.Datapath.Tests.Flows;

public sealed class ExpiryPolicyTests
{
    private const uint Now = 1_000_000;
    private static readonly ExpiryPolicy Policy = new(new FlowLifetimes());

    [Contract("16", "conntrack time-outs: those of our flows; 0 is the default")]
    [Theory]
    [InlineData(TransportProtocol.Tcp, LbCtPhase.New, 60)]
    [InlineData(TransportProtocol.Tcp, LbCtPhase.Answered, 60)]
    [InlineData(TransportProtocol.Tcp, LbCtPhase.Open, 86_400)]
    [InlineData(TransportProtocol.Tcp, LbCtPhase.Closing, 3600)]
    [InlineData(TransportProtocol.Tcp, LbCtPhase.Closed, 65)]
    [InlineData(TransportProtocol.Tcp, LbCtPhase.Reset, 86_400)]
    [InlineData(TransportProtocol.Sctp, LbCtPhase.New, 3)]
    [InlineData(TransportProtocol.Sctp, LbCtPhase.Answered, 3)]
    [InlineData(TransportProtocol.Sctp, LbCtPhase.Open, 210)]
    [InlineData(TransportProtocol.Sctp, LbCtPhase.Closing, 210)]
    [InlineData(TransportProtocol.Sctp, LbCtPhase.Closed, 10)]
    [InlineData(TransportProtocol.Sctp, LbCtPhase.Reset, 210)]
    [InlineData(TransportProtocol.Udp, LbCtPhase.New, 30)]
    [InlineData(TransportProtocol.Udp, LbCtPhase.Open, 120)]
    [InlineData(TransportProtocol.Udp, LbCtPhase.Closed, 65)]
    public void Life_times_are_those_of_kube_proxy_and_nf_conntrack(TransportProtocol protocol, LbCtPhase phase, int seconds)
    {
        Assert.Equal(TimeSpan.FromSeconds(seconds), Policy.LifetimeOf((byte)protocol, phase));
        // Never early: a whole tick more than the time, as the last packet may have come at the end of its tick.
        var ticks = (uint)Math.Ceiling(seconds / FlowClock.Tick.TotalSeconds);
        var table = Policy.At(0.5);
        Assert.Equal(Expiry.Alive, table.Judge((byte)protocol, State(phase, Now - ticks), Now));
        Assert.Equal(Expiry.Due, table.Judge((byte)protocol, State(phase, Now - ticks - 1), Now));
    }

    [Theory]
    [InlineData(0, 120, 3600, 86_400)]
    [InlineData(0.9, 120, 3600, 86_400)]
    [InlineData(0.915, 34.6, 3600, 86_400)]
    [InlineData(0.93, 10, 3600, 86_400)]
    [InlineData(0.94, 10, 464.8, 86_400)]
    [InlineData(0.95, 10, 60, 86_400)]
    [InlineData(0.965, 10, 60, 7200)]
    [InlineData(0.98, 10, 60, 600)]
    [InlineData(0.99, 10, 60, 189.7)]
    [InlineData(1, 10, 60, 60)]
    [InlineData(1.5, 10, 60, 60)]
    public void In_a_map_that_is_nearly_full_datagrams_go_first_then_closing_connections_then_established_ones(
        double fill, double datagrams, double closing, double established)
    {
        Assert.Equal(datagrams, Seconds(TransportProtocol.Udp, LbCtPhase.Open), 0.1);
        Assert.Equal(closing, Seconds(TransportProtocol.Tcp, LbCtPhase.Closing), 0.1);
        Assert.Equal(established, Seconds(TransportProtocol.Tcp, LbCtPhase.Open), 0.5);

        double Seconds(TransportProtocol protocol, LbCtPhase phase)
            => ExpiryPolicy.Under((byte)protocol, phase, Policy.LifetimeOf((byte)protocol, phase), fill).TotalSeconds;
    }

    [Fact]
    public void No_established_connection_goes_before_ten_minutes_while_datagrams_have_more_than_their_least()
    {
        for (var fill = 0.0; fill <= 1; fill += 0.001)
        {
            var datagrams = ExpiryPolicy.Under((byte)TransportProtocol.Udp, LbCtPhase.Open, TimeSpan.FromHours(1), fill);
            var established = ExpiryPolicy.Under((byte)TransportProtocol.Tcp, LbCtPhase.Open, TimeSpan.FromDays(1), fill);
            Assert.True(
                established >= ExpiryPolicy.EstablishedLeast || datagrams == ExpiryPolicy.UdpLeast, $"{fill}: {established}, {datagrams}");
        }
    }

    [Theory]
    [InlineData(0.9, 120)]
    [InlineData(0.95, 34.6)]
    [InlineData(1, 10)]
    [InlineData(2, 10)]
    public void Where_UDP_has_its_share_its_conversations_make_room_for_each_other_and_nobody_else_goes(double share, double seconds)
    {
        Assert.Equal(seconds, Seconds(TransportProtocol.Udp, LbCtPhase.Open), 0.1);
        Assert.Equal(30, Seconds(TransportProtocol.Udp, LbCtPhase.Answered), 0.1);
        Assert.Equal(86_400, Seconds(TransportProtocol.Tcp, LbCtPhase.Open), 0.1);

        double Seconds(TransportProtocol protocol, LbCtPhase phase)
            => ExpiryPolicy.Under((byte)protocol, phase, Policy.LifetimeOf((byte)protocol, phase), fill: 0.5, share).TotalSeconds;
    }

    [Theory]
    [InlineData(TransportProtocol.Udp, 5)]
    [InlineData(TransportProtocol.Udp, 10)]
    [InlineData(TransportProtocol.Tcp, 30)]
    [InlineData(TransportProtocol.Tcp, 60)]
    public void Life_times_below_the_least_do_not_shrink(TransportProtocol protocol, int seconds)
        => Assert.Equal(
            TimeSpan.FromSeconds(seconds), ExpiryPolicy.Under((byte)protocol, LbCtPhase.Open, TimeSpan.FromSeconds(seconds), 1));

    [Theory]
    [InlineData(TransportProtocol.Tcp, 60)]
    [InlineData(TransportProtocol.Udp, 10)]
    public void What_was_active_a_moment_ago_stays_in_a_full_map(TransportProtocol protocol, int seconds)
    {
        var table = Policy.At(1);
        var least = (uint)(seconds / FlowClock.Tick.TotalSeconds);
        Assert.Equal(Expiry.Alive, table.Judge((byte)protocol, State(LbCtPhase.Open, Now - least), Now));
        Assert.Equal(Expiry.Early, table.Judge((byte)protocol, State(LbCtPhase.Open, Now - least - 2), Now));
    }

    [Fact]
    public void An_entry_that_is_newer_than_the_look_at_the_clock_lives()
        => Assert.Equal(Expiry.Alive, Policy.At(1).Judge((byte)TransportProtocol.Udp, State(LbCtPhase.New, Now + 1), Now));

    [Fact]
    public void Ticks_may_wrap_around()
    {
        Assert.Equal(20u, FlowClock.Idle(uint.MaxValue - 9, 10));
        Assert.Equal(0u, FlowClock.Idle(10, uint.MaxValue - 9));
    }

    [Fact]
    public void A_phase_of_a_newer_program_is_taken_for_a_half_open_one()
        => Assert.Equal(Expiry.Due, Policy.At(0).Judge((byte)TransportProtocol.Tcp, State((LbCtPhase)200, Now - 58), Now));

    [Theory]
    [InlineData(0, 30)]
    [InlineData(0.1, 30)]
    [InlineData(0.425, 5.5)]
    [InlineData(0.75, 1)]
    [InlineData(1, 1)]
    public void The_fuller_the_map_the_more_often_it_is_swept(double fill, double seconds)
        => Assert.Equal(seconds, SweepSchedule.Interval(fill).TotalSeconds, 0.1);

    [Theory]
    [InlineData(LbCtPhase.Open, 300)]
    [InlineData(LbCtPhase.Closing, 300)]
    [InlineData(LbCtPhase.Closed, 65)]
    public void Unacknowledged_tcp_ends_after_five_minutes(LbCtPhase phase, int seconds)
    {
        Assert.Equal(TimeSpan.FromSeconds(seconds), Policy.LifetimeOf((byte)TransportProtocol.Tcp, phase, unacknowledged: true));
        var ticks = (uint)Math.Ceiling(seconds / FlowClock.Tick.TotalSeconds);
        var state = State(phase, Now - ticks - 1) with { Flags = (byte)LbCtFlag.Unacked };
        Assert.Equal(Expiry.Due, Policy.At(0).Judge((byte)TransportProtocol.Tcp, state, Now));
        Assert.Equal(Expiry.Alive, Policy.At(0).Judge((byte)TransportProtocol.Tcp, state with { Tick = Now - ticks }, Now));
    }

    [Fact]
    public void Shorter_life_times_are_not_prolonged_by_doubt()
    {
        var policy = new ExpiryPolicy(new FlowLifetimes { Established = TimeSpan.FromMinutes(2), Closing = TimeSpan.FromMinutes(1) });
        Assert.Equal(TimeSpan.FromMinutes(2), policy.LifetimeOf((byte)TransportProtocol.Tcp, LbCtPhase.Open, unacknowledged: true));
        Assert.Equal(TimeSpan.FromMinutes(1), policy.LifetimeOf((byte)TransportProtocol.Tcp, LbCtPhase.Closing, unacknowledged: true));
        Assert.Equal(TimeSpan.FromMinutes(2), policy.LifetimeOf((byte)TransportProtocol.Tcp, LbCtPhase.Reset));
    }

    [Theory]
    [InlineData(0.05, 86_400)]
    [InlineData(0.075, 5091)]
    [InlineData(0.1, 300)]
    [InlineData(1, 300)]
    public void The_more_flows_are_reset_the_shorter_they_live(double resets, double seconds)
    {
        Assert.Equal(seconds, Policy.LifetimeOf((byte)TransportProtocol.Tcp, LbCtPhase.Reset, resets: resets).TotalSeconds, 1.0);
        // At the end of their time, which is not given up early.
        var ticks = (uint)Math.Ceiling(seconds / FlowClock.Tick.TotalSeconds);
        Assert.Equal(
            Expiry.Due, Policy.At(0, resets: resets).Judge((byte)TransportProtocol.Tcp, State(LbCtPhase.Reset, Now - ticks - 2), Now));
    }

    private static LbCtState State(LbCtPhase phase, uint tick) => new() { Phase = (byte)phase, Tick = tick };
}
