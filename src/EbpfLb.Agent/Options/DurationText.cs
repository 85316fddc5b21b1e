using System.Globalization;
using System.Text.RegularExpressions;

namespace EbpfLb.Agent.Options;

/// <summary>Reads durations as Go and Kubernetes write them: "0", "250ms", "1.5s", "2m", "1m30s".</summary>
internal static partial class DurationText
{
    /// <exception cref="FormatException">Not a duration of zero or more.</exception>
    public static TimeSpan Parse(string text)
    {
        if (text == "0") return TimeSpan.Zero;
        var match = Duration().Match(text);
        if (!match.Success)
            throw new FormatException($"'{text}' is not a duration; give a number with ms, s, m or h, such as 500ms or 1m30s, or 0");
        var numbers = match.Groups["number"].Captures;
        var units = match.Groups["unit"].Captures;
        var total = TimeSpan.Zero;
        for (var i = 0; i < numbers.Count; i++)
            total += UnitOf(units[i].Value) * double.Parse(numbers[i].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
        return total;
    }

    private static TimeSpan UnitOf(string unit) => unit switch
    {
        "ms" => TimeSpan.FromMilliseconds(1),
        "s" => TimeSpan.FromSeconds(1),
        "m" => TimeSpan.FromMinutes(1),
        _ => TimeSpan.FromHours(1),
    };

    [GeneratedRegex(@"^((?<number>[0-9]{1,9}(\.[0-9]{1,9})?)(?<unit>ms|s|m|h))+$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Duration();
}
