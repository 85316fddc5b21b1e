using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using EbpfLb.Configuration.Values;
using EbpfLb.Timing;

namespace EbpfLb.Agent.Commands;

/// <summary>How often a command that watches answers.</summary>
/// <param name="hasOnce">There is an option for one answer.</param>
internal sealed class RepeatOptionSet(bool hasOnce = true)
{
    private static readonly TimeSpan Default = TimeSpan.FromSeconds(2), Shortest = TimeSpan.FromMilliseconds(100);

    private readonly Option<TimeSpan?> interval = CheckedOption.Create<TimeSpan?>(
        "--interval", "TIME", $"Time from one answer to the next (default: {DurationText.Format(Default)})", ParseInterval);

    private readonly Option<int?> count = CheckedOption.Create<int?>(
        "--count", "N", "End after so many answers (default: go on until interrupted)", PositiveNumber.Parse);

    private readonly Option<bool> once = new("--once") { Description = "End after the first answer" };

    public void AddTo(Command command)
    {
        command.Options.Add(interval);
        command.Options.Add(count);
        if (!hasOnce) return;
        command.Options.Add(once);
        command.AddCheck(result =>
        {
            if (Has(result, once) && Has(result, count)) result.AddError("--once is --count 1: give one of the two");
        });
    }

    public bool IsGiven(CommandResult result) => Has(result, interval) || Has(result, count);

    public Repetition Read(ParseResult result)
        => new(result.GetValue(interval) ?? Default, hasOnce && result.GetValue(once) ? 1 : result.GetValue(count) ?? int.MaxValue - 1);

    private static bool Has(SymbolResult result, Option option) => result.GetResult(option) is { Implicit: false };

    private static TimeSpan? ParseInterval(string text) => DurationText.Parse(text) is var time && time >= Shortest ? time
        : throw new FormatException($"{text} is too short; give {DurationText.Format(Shortest)} or more");
}

/// <param name="Count">Answers.</param>
internal sealed record Repetition(TimeSpan Interval, int Count)
{
    /// <summary>Answers until it was often enough, or the token ends it.</summary>
    /// <param name="endsWithFailure">An answer that fails is the last, too.</param>
    /// <param name="isEnough">Asked after each answer where not each of them counts; null: each does.</param>
    /// <returns>The last exit code.</returns>
    public async Task<int> RunAsync(TimeProvider time, Func<Task<int>> answer, CancellationToken cancellationToken,
        bool endsWithFailure = true, Func<bool>? isEnough = null)
    {
        var code = Options.ExitCode.Ok;
        try
        {
            for (var given = 1; ; given++)
            {
                code = await answer();
                if ((code != Options.ExitCode.Ok && endsWithFailure) || (isEnough?.Invoke() ?? given >= Count)) return code;
                await time.DelayAsync(Interval, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Between two answers, or in the middle of one.
            return code;
        }
    }
}

/// <summary>A number of things, one or more.</summary>
internal static class PositiveNumber
{
    public static int? Parse(string text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number
            : throw new FormatException($"'{text}' is not a number; give 1 or more");
}
