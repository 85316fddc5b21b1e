using System.CommandLine;
using EbpfLb.Agent.Commands;

namespace EbpfLb.Agent.Tests.Commands;

public sealed class CommandCheckTests
{
    private readonly Option<int?> count = CheckedOption.Create<int?>("--count", "N", "How many", PositiveNumber.Parse);
    private readonly Option<int> limit = new("--limit");
    private readonly Argument<int> size = new("SIZE") { Arity = ArgumentArity.ZeroOrOne };
    private readonly Command command = new("try");

    public CommandCheckTests()
    {
        command.Options.Add(count);
        command.Options.Add(limit);
        command.Arguments.Add(size);
    }

    [Theory]
    [InlineData("--count", "none")]
    [InlineData("--limit", "none")]
    [InlineData("none")]
    public void A_value_without_its_form_is_reported_once_and_the_check_ends(params string[] arguments)
    {
        var ended = false;
        command.AddCheck(result =>
        {
            _ = (result.GetValue(count), result.GetValue(limit), result.GetValue(size));
            ended = true;
        });

        var errors = command.Parse(arguments).Errors;

        Assert.Contains("none", Assert.Single(errors).Message, StringComparison.Ordinal);
        Assert.False(ended);
    }

    [Fact]
    public void What_a_check_does_wrong_is_not_hidden()
    {
        command.AddCheck(_ => throw new InvalidOperationException("a mistake of the check"));

        var error = Assert.Throws<InvalidOperationException>(() => command.Parse(["--count", "3"]));

        Assert.Equal("a mistake of the check", error.Message);
    }
}
