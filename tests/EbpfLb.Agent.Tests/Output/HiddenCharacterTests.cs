using EbpfLb.Agent.Control;
using EbpfLb.Agent.Output;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Model;

namespace EbpfLb.Agent.Tests.Output;

/// <summary>Who may write an object of the cluster cannot give orders to the terminal of who reads of it.</summary>
public sealed class HiddenCharacterTests
{
    /// <summary>Ends the line, a colour by C0 and by C1, a title of the window, a backspace, text from right to left.</summary>
    private const string Bad = "a\r\e[31mb\u009b31mc\e]0;title\ad\b\u202ee\u2066\u200b";

    private const string Shown = "a\uFFFD\uFFFD[31mb\uFFFD31mc\uFFFD]0;title\uFFFDd\uFFFD\uFFFDe\uFFFD\uFFFD";

    private readonly FakeView view = new()
    {
        Status = FakeView.ReadyStatus with
        {
            Problems = [$"Service a/c: {Bad}"], Failures = [$"Service a/b: {Bad}"],
            Devices = [new DeviceStatus("eth0", 2, "uplink", "named", null, 1, 2, null, null, Bad)],
        },
    };

    [Theory]
    [InlineData(null)]
    [InlineData(20)]
    [InlineData(300)]
    public async Task Status_shows_what_is_hidden_as_replaced(int? width)
    {
        using var line = new TestCommandLine { Finder = new FakeFinder(view), TerminalWidth = width };
        await line.RunAsync(["status"]);

        Assert.Contains($"  - Service a/c: {Shown}", line.Output);
        Assert.Contains($"  - Service a/b: {Shown}", line.Output);
        Assert.DoesNotContain(line.Output.Replace("\e[1m", "").Replace("\e[0m", ""), c => ForeignText.IsHidden(c) && c != '\n');
    }

    [Fact]
    public async Task Colours_of_our_own_stay()
    {
        using var line = new TestCommandLine { Finder = new FakeFinder(view), TerminalWidth = 20, TerminalHasColors = true };
        await line.RunAsync(["status"]);

        Assert.Contains($"\e[33m  - Service a/c: {Shown}\e[0m", line.Output);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(20)]
    [InlineData(300)]
    public void A_cell_is_one_line(int? width)
    {
        using var output = new StringWriter { NewLine = "\n" };
        new Terminal(output, output, width).Write(new Table([new("NAME"), new("WHY")], [[Bad, "a\nb\tc"]]));

        Assert.Contains(Shown, output.ToString());
        Assert.Contains("a\uFFFDb\uFFFDc", output.ToString());
        Assert.DoesNotContain("\e[31m", output.ToString());
        Assert.DoesNotContain('\u202e', output.ToString());
    }

    [Fact]
    public async Task Whatever_is_written_and_however_is_made_visible()
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(output, error, width: null);
        foreach (var writer in new[] { terminal.Out, terminal.Error })
        {
            writer.Write('\e');
            writer.Write("\e");
            writer.Write("\e".AsSpan());
            writer.Write(['\e', '\u202e'], 0, 2);
            writer.WriteLine("\e");
            writer.WriteLine($"{1}\t{"\e"}");
            await writer.WriteAsync('\e');
            await writer.WriteAsync("\e");
            await writer.WriteAsync("\e".AsMemory());
            await writer.WriteLineAsync("\e\nb");
        }
        terminal.WriteLine("\e\tb", Tone.Error);

        const string Both = "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\n1\t\uFFFD\n\uFFFD\uFFFD\uFFFD\uFFFD\nb\n";
        Assert.Equal(Both + "\uFFFD\tb\n", output.ToString());
        Assert.Equal(Both, error.ToString());
    }
}
