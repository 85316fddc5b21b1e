namespace EbpfLb.Bpf.Tests.Errors;

public sealed class VerifierTextTests
{
    [Fact]
    public void A_short_log_stays_as_it_is_without_its_statistics() =>
        Assert.Equal("0: (79) r1\nR1 invalid", VerifierText.Tail("0: (79) r1\nR1 invalid\nprocessed 3 insns (limit 1000000)\n"));

    [Fact]
    public void A_long_log_is_cut_at_its_beginning()
    {
        var text = VerifierText.Tail(string.Join('\n', Enumerable.Range(0, 100)));

        Assert.StartsWith("(40 earlier lines cut)\n40\n41", text);
        Assert.EndsWith("\n99", text);
    }

    [Fact]
    public void An_empty_log_stays_empty() => Assert.Equal("", VerifierText.Tail(""));

    [Theory]
    [InlineData("0: (79) r1\nR1 invalid mem access\n\nprocessed 3 insns (limit 1000000)\n", "R1 invalid mem access")]
    [InlineData("  func 'x' is not allowed  ", "func 'x' is not allowed")]
    [InlineData("processed 3 insns (limit 1000000)\n", null)]
    [InlineData("", null)]
    public void The_last_words_are_the_verifiers_reason(string log, string? words) => Assert.Equal(words, VerifierText.LastWords(log));

    [Fact]
    public void Last_words_without_end_are_cut()
        => Assert.Equal(new string('x', 200) + "...", VerifierText.LastWords(new string('x', 900)));
}
