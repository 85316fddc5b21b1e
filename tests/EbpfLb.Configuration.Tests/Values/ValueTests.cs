using System.Net;
using EbpfLb.Configuration.Values;

namespace EbpfLb.Configuration.Tests.Values;

public sealed class ValueTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("250ms", 250)]
    [InlineData("1.5s", 1500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h1m1s1ms", 3_661_001)]
    [InlineData("86400s", 86_400_000)]
    [InlineData(".5s", 500)]
    [InlineData("1500us", 1.5)]
    [InlineData("2000\u00b5s", 2)]
    [InlineData("3000000ns", 3)]
    public void Durations_are_read_as_Go_writes_them(string text, double milliseconds)
        => Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), DurationText.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("-5s")]
    [InlineData("s")]
    [InlineData("5 s")]
    [InlineData("5days")]
    [InlineData("1.s")]
    [InlineData("999999999h")]
    public void What_is_no_duration_is_refused(string text)
        => Assert.Contains("is not a duration", Assert.Throws<FormatException>(() => DurationText.Parse(text)).Message);

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(0.25, "250ms")]
    [InlineData(1.5, "1.5s")]
    [InlineData(30, "30s")]
    [InlineData(90, "1m30s")]
    [InlineData(900, "15m0s")]
    [InlineData(86_400, "24h0m0s")]
    public void Durations_are_written_as_Go_writes_them(double seconds, string text)
    {
        Assert.Equal(text, DurationText.Format(TimeSpan.FromSeconds(seconds)));
        Assert.Equal(TimeSpan.FromSeconds(seconds), DurationText.Parse(text));
    }

    [Theory]
    [InlineData("1-65535", 1, 65535)]
    [InlineData("30000 - 32767", 30000, 32767)]
    public void Ranges_of_ports_are_read(string text, int first, int last)
    {
        Assert.True(PortsText.TryParse(text, out var ports));
        Assert.Equal(((ushort)first, (ushort)last), ports);
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("0-80")]
    [InlineData("90-80")]
    [InlineData("1-65536")]
    public void What_is_no_range_of_ports_is_refused(string text) => Assert.False(PortsText.TryParse(text, out _));

    [Theory]
    [InlineData("127.0.0.1:80", "127.0.0.1", 80)]
    [InlineData("127.0.0.1", "127.0.0.1", 10256)]
    [InlineData("[::1]:80", "::1", 80)]
    [InlineData("::1", "::1", 10256)]
    [InlineData("[::]:0", "::", 0)]
    [InlineData(":80", "::", 80)]
    public void Addresses_to_listen_on_may_leave_the_port_or_the_address_out(string text, string address, int port)
        => Assert.Equal(new IPEndPoint(IPAddress.Parse(address), port), EndpointText.Parse(text, 10256));

    [Fact]
    public void No_address_switches_off() => Assert.Null(EndpointText.Parse(" ", 10256));

    [Theory]
    [InlineData("localhost:80")]
    [InlineData("127.0.0.1:99999")]
    [InlineData("127.0.0.1:")]
    [InlineData("http://127.0.0.1:80")]
    [InlineData("10256")]
    [InlineData("127.1:80")]
    [InlineData("[")]
    [InlineData("[]:80")]
    [InlineData("[::1")]
    [InlineData("[::1:80")]
    public void What_is_no_address_is_refused_with_an_example(string text)
        => Assert.Contains("127.0.0.1:10256", Assert.Throws<FormatException>(() => EndpointText.Parse(text, 10256)).Message);
}
