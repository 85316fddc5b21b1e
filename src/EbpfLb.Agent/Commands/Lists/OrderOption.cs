using System.CommandLine;
using EbpfLb.Model;

namespace EbpfLb.Agent.Commands.Lists;

/// <summary>`--sort`.</summary>
internal static class OrderOption
{
    /// <param name="orders">Columns, the first of which needs no option.</param>
    public static Option<string?> Create(IReadOnlyList<string> orders) => CheckedOption.Create<string?>(
        "--sort", string.Join('|', orders), $"What stands first (default: {orders[0]}); of numbers the largest", text
            => orders.Contains(text) ? text : throw new FormatException($"'{text}' is not one of {string.Join(", ", orders)}"));

    /// <summary>Of what comes while one looks on there is no order but the one in which it comes.</summary>
    public static void ExcludeFollowing(Command command, Option<string?> order, Option<bool> follow) => command.AddCheck(result =>
    {
        if (result.GetValue(order) is not null && result.GetValue(follow))
            result.AddError("--sort is for a list, and --follow shows what comes as it comes: give one of the two");
    });
}

/// <summary>Endpoints as reports write them, by address and port: 10.0.0.9 comes before 10.0.0.10.</summary>
internal static class EndpointOrder
{
    /// <param name="endpoint">"192.0.2.1:40000" or "[2001:db8::1]:53"; what is none comes last.</param>
    public static (bool IsOther, IpAddress Address, ushort Port, string Text) Of(string endpoint)
        => endpoint.LastIndexOf(':') is var colon and > 0 && ushort.TryParse(endpoint.AsSpan(colon + 1), out var port)
            && IpAddress.TryParse(endpoint[..colon].Trim('[', ']'), out var address)
            ? (false, address, port, "") : (true, default, (ushort)0, endpoint);
}
