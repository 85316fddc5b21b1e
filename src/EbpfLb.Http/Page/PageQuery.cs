using System.Globalization;
using System.Text;
using EbpfLb.Model;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Http.Page;

/// <summary>The parts of the page.</summary>
internal enum PageView
{
    Services,
    Service,
    Drops,
    Events,
    Attachments,
    Health,
    Explain,
}

/// <summary>What of the page is asked for. Whatever a query holds makes one: what is not understood is the usual.</summary>
internal sealed record PageQuery
{
    public const int LinesOfPage = 50;

    /// <summary>The longest name of an object, with its namespace.</summary>
    private const int LongestText = 253 + 1 + 253;

    public PageView? View { get; init; }

    public string Text { get; init; } = "";

    public ServiceOrder Order { get; init; }

    public int First { get; init; }

    /// <summary>"namespace/name"; null: none is given.</summary>
    public ObjectName? Name { get; init; }

    public bool WithFlows { get; init; }

    /// <summary>The page loads itself anew after a while.</summary>
    public bool IsLive { get; init; } = true;

    /// <summary>null: nothing is asked yet.</summary>
    public ExplainQuestion? Question { get; init; }

    public static PageQuery Read(IQueryCollection query)
    {
        var (from, to, port) = (Part("from"), Part("to"), Part("port"));
        return new PageQuery
        {
            View = Word<PageView>(Part("view")),
            Text = Part("q"),
            Order = Word<ServiceOrder>(Part("order")) ?? ServiceOrder.Rate,
            First = int.TryParse(Part("first"), NumberStyles.None, CultureInfo.InvariantCulture, out var first) ? first : 0,
            Name = NameOf(Part("name")),
            WithFlows = Part("flows") == "1",
            IsLive = Part("live") != "0",
            Question = (from.Length, to.Length, port.Length) == (0, 0, 0) ? null : new ExplainQuestion(from, to, port, Part("protocol")),
        };

        string Part(string key)
        {
            var text = query.TryGetValue(key, out var values) && values.Count > 0 ? values[0]?.Trim() ?? "" : "";
            return text.Length > LongestText ? text[..LongestText] : text;
        }
    }

    /// <summary>A link to it: relative, so that it works behind a proxy that puts a path before ours.</summary>
    public string ToLink()
    {
        var link = new StringBuilder("?view=").Append((View ?? PageView.Services).ToString().ToLowerInvariant());
        Append("q", Text);
        if (Order != ServiceOrder.Rate) Append("order", Order.ToString().ToLowerInvariant());
        if (First > 0) Append("first", First.ToString(CultureInfo.InvariantCulture));
        if (Name is { } name) Append("name", name.ToString());
        if (WithFlows) Append("flows", "1");
        if (!IsLive) Append("live", "0");
        return link.ToString();

        void Append(string key, string value)
        {
            if (value.Length > 0) link.Append('&').Append(key).Append('=').Append(Uri.EscapeDataString(value));
        }
    }

    public static ObjectName? NameOf(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && slash < text.Length - 1 ? new ObjectName(text[..slash], text[(slash + 1)..]) : null;
    }

    /// <summary>Names alone: the numbers behind them are nobody's.</summary>
    private static T? Word<T>(string text)
        where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
            if (value.ToString().Equals(text, StringComparison.OrdinalIgnoreCase)) return value;
        return null;
    }
}
