using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EbpfLb.Http.Server;

/// <summary>Holds the connections of one server within its <see cref="ConnectionLimits"/>. Thread-safe.</summary>
internal sealed class ConnectionLimiter(ConnectionLimits limits)
{
    private static readonly object PlaceItem = new();

    /// <summary>First bytes of an IPv6 address that make a client.</summary>
    private const int ClientBytes = 8;

    private readonly Lock gate = new();
    private readonly Dictionary<Client, LinkedList<Place>> clients = [];
    private int total;

    /// <summary>Connections that are held now.</summary>
    public int Count
    {
        get
        {
            lock (gate) return clients.Values.Sum(places => places.Count);
        }
    }

    /// <summary>Sets the time-outs and puts the limiter before the server's own work.</summary>
    public void Apply(KestrelServerOptions options)
    {
        options.Limits.MaxConcurrentConnections = null;
        options.Limits.KeepAliveTimeout = limits.Idle;
        options.Limits.RequestHeadersTimeout = limits.Head;
        // Kestrel wants at least a second of grace.
        var grace = limits.Head > TimeSpan.FromSeconds(1) ? limits.Head : TimeSpan.FromSeconds(1.1);
        options.Limits.MinRequestBodyDataRate = new MinDataRate(limits.LeastBytesPerSecond, grace);
        options.Limits.MinResponseDataRate = new MinDataRate(limits.LeastBytesPerSecond, grace);
    }

    /// <summary>Middleware of connections.</summary>
    public ConnectionDelegate Limit(ConnectionDelegate next) => async connection =>
    {
        var place = new Place(connection, ClientOf(connection));
        connection.Items[PlaceItem] = place;
        Enter(place);
        try
        {
            await next(connection);
        }
        finally
        {
            Leave(place);
        }
    };

    /// <summary>While a request is answered its connection makes room only when no other can.</summary>
    public static async Task AnswerAsync(HttpContext context, RequestDelegate handler)
    {
        var place = context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(PlaceItem, out var item) == true ? item as Place
            : null;
        if (place is not null) place.IsBusy = true;
        try
        {
            await handler(context);
        }
        finally
        {
            if (place is not null) place.IsBusy = false;
        }
    }

    private void Enter(Place place)
    {
        List<Place> leaving = [];
        lock (gate)
        {
            if (!clients.TryGetValue(place.Client, out var own)) clients[place.Client] = own = [];
            own.AddLast(place.Node);
            if (!place.Client.IsLocal) total++;
            if (own.Count > (place.Client.IsLocal ? limits.Local : limits.PerClient)) leaving.Add(TakeOldest(own));
            // Whoever has the most gives: many clients with one connection each are those that are to be served.
            if (total > limits.Total) leaving.Add(TakeOldest(clients.Where(c => !c.Key.IsLocal).MaxBy(c => c.Value.Count).Value));
        }
        foreach (var left in leaving) left.Connection.Abort(new ConnectionAbortedException("made room for a newer connection"));
    }

    private void Leave(Place place)
    {
        lock (gate) Remove(place);
    }

    /// <summary>The caller holds the lock.</summary>
    private Place TakeOldest(LinkedList<Place> places)
    {
        var oldest = places.FirstOrDefault(p => !p.IsBusy) ?? places.First!.Value;
        Remove(oldest);
        return oldest;
    }

    private void Remove(Place place)
    {
        if (place.Node.List is not { } places) return;
        places.Remove(place.Node);
        if (!place.Client.IsLocal) total--;
        if (places.Count == 0) clients.Remove(place.Client);
    }

    private Client ClientOf(ConnectionContext connection)
    {
        if (connection.RemoteEndPoint is not IPEndPoint remote || connection.LocalEndPoint is not IPEndPoint local)
            return new Client(true, 0, 0);
        var (from, to) = (Plain(remote.Address), Plain(local.Address));
        if (limits.IsLocal(from, to)) return new Client(true, 0, local.Port);
        var bytes = from.GetAddressBytes();
        var id = 0ul;
        foreach (var part in bytes.AsSpan(0, Math.Min(bytes.Length, ClientBytes))) id = (id << 8) | part;
        return new Client(false, id, local.Port);
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <param name="IsLocal">This machine itself.</param>
    /// <param name="Port">Of ours: the health check ports of Services are one server.</param>
    private readonly record struct Client(bool IsLocal, ulong Id, int Port);

    private sealed class Place
    {
        private volatile bool isBusy;

        public Place(ConnectionContext connection, Client client)
        {
            (Connection, Client) = (connection, client);
            Node = new LinkedListNode<Place>(this);
        }

        public ConnectionContext Connection { get; }

        public Client Client { get; }

        public LinkedListNode<Place> Node { get; }

        public bool IsBusy
        {
            get => isBusy;
            set => isBusy = value;
        }
    }
}
