using EbpfLb.Configuration.Input;
using EbpfLb.Configuration.Values;

namespace EbpfLb.Configuration.Fields;

/// <summary>Reports what is wrong with the value of one field.</summary>
internal delegate void FieldCheck<in T>(string path, T value, Findings findings);

/// <summary>What fields of many kinds may hold.</summary>
internal static class FieldChecks
{
    public static FieldCheck<TimeSpan> Period { get; } = PeriodRules.CheckPeriod;

    public static FieldCheck<TimeSpan> PeriodOrOff { get; } = PeriodRules.CheckPeriodOrOff;

    public static FieldCheck<int> NotNegative { get; } = (path, number, findings) =>
    {
        if (number < 0) findings.Error(path, $"{number} is negative; give 0 or more");
    };

    /// <summary>Empty is one of the values.</summary>
    public static FieldCheck<string> Choice(params string[] values) => (path, text, findings) =>
    {
        if (text.Length > 0) OneOf(values)(path, text, findings);
    };

    public static FieldCheck<string> OneOf(params string[] values) => (path, text, findings) =>
    {
        if (values.Contains(text)) return;
        var hint = NearName.Of(text, values) is { } near ? $"did you mean {near}?"
            : $"give {string.Join(", ", values[..^1])} or {values[^1]}";
        findings.Error(path, $"'{text}' is none of its values; {hint}");
    };

    public static FieldCheck<string> Endpoint(int port) => (path, text, findings) =>
    {
        try
        {
            EndpointText.Parse(text, port);
        }
        catch (FormatException e)
        {
            findings.Error(path, e.Message);
        }
    };
}
