//! Reading bookings: what each actor may see.

use super::Bookings;
use crate::{
    booking::{Booking, BookingFilter, BookingNumber, BookingStatus, BookingView},
    kernel::{Actor, Error, Id, Kind, Page, PageRequest, Result},
    store::Stored,
};

impl Bookings {
    /// A booking, for its parties and staff. To show it to somebody, make a [`BookingView`] of it
    /// ([`view`](Self::view)).
    ///
    /// # Errors
    /// [`Error::NotFound`], also for a booking that this actor may not know of.
    pub async fn get(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        let actor = &self.engine.reader(actor).await?;
        self.visible(actor, id).await
    }

    /// A booking that an actor, as whom it reads, may know of.
    pub(super) async fn visible(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        let stored = self.engine.bookings.load(id).await?;
        stored
            .filter(|booking| booking.is_visible_to(actor))
            .ok_or_else(|| Error::not_found(Kind::Booking, id))
    }

    /// The same for a command: only for who has a part in it now.
    pub(super) async fn get_as_party(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        let actor = &self.engine.reader(actor).await?;
        let booking = self.visible(actor, id).await?;
        booking.require_part(actor)?;
        Ok(booking)
    }

    /// A booking by its number.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_by_number(&self, actor: &Actor, number: &BookingNumber) -> Result<Stored<Booking>> {
        let actor = &self.engine.reader(actor).await?;
        self.visible_by_number(actor, number).await
    }

    /// The same as [`visible`](Self::visible), by the number.
    async fn visible_by_number(&self, actor: &Actor, number: &BookingNumber) -> Result<Stored<Booking>> {
        let stored = self.engine.bookings.find_by_number(number).await?;
        let visible = stored.filter(|booking| booking.is_visible_to(actor));
        visible.ok_or_else(|| Error::not_found(Kind::Booking, number))
    }

    /// What this actor sees of a booking: the technician sees address and phone from `accepted` on.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn view(&self, actor: &Actor, id: Id<Booking>) -> Result<BookingView> {
        let actor = &self.engine.reader(actor).await?;
        let booking = self.visible(actor, id).await?;
        self.view_as(actor, &booking).await
    }

    /// What this actor sees of the booking with a number.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn view_by_number(&self, actor: &Actor, number: &BookingNumber) -> Result<BookingView> {
        let actor = &self.engine.reader(actor).await?;
        let booking = self.visible_by_number(actor, number).await?;
        self.view_as(actor, &booking).await
    }

    /// What an actor, as whom it reads, sees of a booking. The customer is loaded only where the view shows them.
    async fn view_as(&self, actor: &Actor, booking: &Stored<Booking>) -> Result<BookingView> {
        let customer = match BookingView::shows_contact(booking, actor) {
            true => self.engine.users.load(booking.customer).await?,
            false => None,
        };
        Ok(BookingView::new(booking, actor, customer.as_deref()))
    }

    /// What this actor sees of a booking as a command returned it, which others may have changed since.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn view_of(&self, actor: &Actor, booking: &Stored<Booking>) -> Result<BookingView> {
        let actor = &self.engine.viewer(actor).await?;
        if !booking.is_visible_to(actor) {
            return Err(Error::not_found(Kind::Booking, booking.id));
        }
        self.view_as(actor, booking).await
    }

    /// The bookings of a filter that this actor may see, the newest first: their own for customers,
    /// technicians and companies, all for staff.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a filter on somebody else; a violation of `cursor`.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &BookingFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Booking>>> {
        let actor = &self.engine.reader(actor).await?;
        self.list_as(actor, filter, page).await
    }

    /// The same bookings as this actor sees them, without the customers' contacts: those are shown with the
    /// single booking only.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_views(
        &self,
        actor: &Actor,
        filter: &BookingFilter,
        page: &PageRequest,
    ) -> Result<Page<BookingView>> {
        let actor = &self.engine.reader(actor).await?;
        let found = self.list_as(actor, filter, page).await?;
        Ok(found.map(|booking| BookingView::new(&booking, actor, None)))
    }

    async fn list_as(
        &self,
        actor: &Actor,
        filter: &BookingFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Booking>>> {
        require_own(actor, filter)?;
        Ok(self.engine.bookings.list_bookings(filter, &page.of_list("bookings")?).await?.of_list("bookings"))
    }

    /// How many bookings of a filter are in each status.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a filter on somebody else.
    pub async fn count_by_status(
        &self,
        actor: &Actor,
        filter: &BookingFilter,
    ) -> Result<Vec<(BookingStatus, u64)>> {
        let actor = &self.engine.reader(actor).await?;
        require_own(actor, filter)?;
        Ok(self.engine.bookings.count_by_status(filter).await?)
    }
}

fn require_own(actor: &Actor, filter: &BookingFilter) -> Result<()> {
    if actor.is_staff() || actor.is_any(&[filter.customer, filter.technician, filter.company]) {
        return Ok(());
    }
    Err(Error::forbidden("a list names its own customer, technician or company, or is for staff"))
}
